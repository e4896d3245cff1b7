import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from './testing/control-plane.ts';
import { addJob } from './testing/gitlab-model.ts';
import { direct, install } from './testing/install.ts';
import { nestOf } from './testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from './testing/test-cloud.ts';

const minuteMs = 60_000;

async function aPlane(): Promise<ControlPlane> {
  const clock = createFakeClock();
  const plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings: cloudSettings });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  await install(plane, nestOf({ app: { concurrent: 3, more: onAws } }));
  plane.start();
  return plane;
}

async function startJob(plane: ControlPlane, lastsMs: number) {
  const job = addJob(plane.model, { projectId: 1, lastsMs });
  await plane.runUntil(() => job.status === 'running', 20 * minuteMs);
  const agent = [...plane.agents.all.values()].find(({ jobs }) => jobs.some(({ id }) => id === job.id));
  const runnerId = agent?.machine.runnerId ?? expect.fail('no agent has the job');
  return { job, runnerId };
}

async function rowOf({ recording }: ControlPlane, runnerId: string) {
  const [row] = await recording.store.get([{ table: 'runners', partition: runnerId }], direct);
  return row;
}

it('a runner that has lost a part of its machine finishes its job, and holds up neither removals nor launches', async () => {
  const plane = await aPlane();
  const long = await startJob(plane, 180 * minuteMs);
  const short = await startJob(plane, 30 * minuteMs);
  plane.tofu.lostParts.add(long.runnerId);

  await plane.runUntil(
    async () => (await rowOf(plane, long.runnerId))?.['state'] === 'draining',
    40 * minuteMs,
  );
  const found = await rowOf(plane, long.runnerId);
  await plane.runUntil(() => !plane.tofu.machines.has(short.runnerId), 90 * minuteMs);
  const next = await startJob(plane, minuteMs);
  const isThere = [short, long].map(({ runnerId }) => plane.tofu.machines.has(runnerId));
  const during = { isThere, status: long.job.status, state: (await rowOf(plane, long.runnerId))?.['state'] };
  await plane.runUntil(() => plane.tofu.machines.size === 0, 240 * minuteMs);
  await plane.run(minuteMs);
  await plane.stop();

  expect(found).toMatchObject({ state: 'draining', made: true, metadata: { tainted: true } });
  expect((await rowOf(plane, short.runnerId))?.['shard']).toBe(found?.['shard']);
  expect(next.runnerId).not.toBe(long.runnerId);
  expect(during).toEqual({ isThere: [false, true], status: 'running', state: 'draining' });
  expect([long.job.status, short.job.status, next.job.status]).toEqual(['success', 'success', 'success']);
  expect(await rowOf(plane, long.runnerId)).toMatchObject({ state: 'terminated' });
  expect(plane.tofu.machines.size).toBe(0);
  expect(plane.tofu.violations).toEqual([]);
  expect(plane.recording.unaudited).toEqual([]);
});
