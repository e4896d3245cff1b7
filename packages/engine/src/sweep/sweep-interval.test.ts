import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import type { EngineSettings } from '../api/engine.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct } from '../testing/install.ts';
import { sweepIntervalMs } from './sweep-interval.ts';

const polling = { publicUrl: undefined, sweepEveryMs: 15_000 };
const groupEgg =
  'egg "team" {\n  type = "vm"\n  gitlab {\n    group_id = 9\n  }\n  runner {\n    tags = ["linux"]\n  }\n}\n';

async function aGroupOf(count: number, settings: Partial<EngineSettings>): Promise<ControlPlane> {
  const clock = createFakeClock();
  const plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings });
  const ids = Array.from({ length: count }, (_, nth) => nth + 1);
  plane.model.groups.set(9, ids);
  for (const id of ids) plane.model.projects.set(id, `group/p${id}`);
  plane.git.commit({ 'Eggs/team/config.fly': groupEgg });
  plane.start();
  await plane.run(20_000);
  return plane;
}

async function boundProjects(plane: ControlPlane): Promise<unknown[]> {
  return (await plane.recording.rows('bindings')).map((row) => row['server_project']);
}

describe('sweepIntervalMs', () => {
  it.each([
    { what: 'few projects', count: 10, measured: 2_000, expected: 15_000 },
    { what: 'as many projects as half the rate allows', count: 120, measured: 120, expected: 120_000 },
    { what: 'a server that says nothing', count: 120, measured: undefined, expected: 24_000 },
  ])('in poll mode with $what: $expected ms', async ({ count, measured, expected }) => {
    const plane = await aGroupOf(count, polling);
    const gitlab = { ...plane.deps.gitlab, pace: { perMinute: () => measured } };

    expect(await sweepIntervalMs({ ...plane.deps, gitlab }, 'gitlab.com', direct)).toBe(expected);

    await plane.stop();
  });

  it('is what is set where webhooks reach us, however many projects there are', async () => {
    const plane = await aGroupOf(40, {});
    const gitlab = { ...plane.deps.gitlab, pace: { perMinute: () => 1 } };

    expect(await sweepIntervalMs({ ...plane.deps, gitlab }, 'gitlab.com', direct)).toBe(300_000);

    await plane.stop();
  });
});

describe('a group Egg', () => {
  it.each([polling, {}])(
    'finds projects that come and lets go of those that leave (%o)',
    async (settings) => {
      const plane = await aGroupOf(2, settings);
      expect(await boundProjects(plane)).toEqual(['gitlab.com#1', 'gitlab.com#2']);

      plane.model.groups.set(9, [2, 3]);
      plane.model.projects.set(3, 'group/p3');
      await plane.run(6 * 60_000, 5_000);

      expect(await boundProjects(plane)).toEqual(['gitlab.com#2', 'gitlab.com#3']);
      await plane.stop();
    },
  );
});
