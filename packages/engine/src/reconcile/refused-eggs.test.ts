import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { syncNest } from '../sync/sync-nest.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from '../testing/test-cloud.ts';

const minuteMs = 60_000;
const me = { tokenId: 't', name: 'me', role: 'admin' } as const;
const tooBig = [...onAws, '  }', '  resources {', '    cpu = 4', '    memory = 9999999', '    disk = 20'];
let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings: cloudSettings });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  await install(plane, nestOf({ app: { concurrent: 2, more: onAws } }));
  plane.start();
});

/** From now on its cloud has no such machine. */
async function refuse(): Promise<void> {
  plane.git.commit(nestOf({ app: { concurrent: 2, more: tooBig } }));
  await syncNest(plane.deps, direct);
}

const runJob = async (lastsMs: number) => {
  const job = addJob(plane.model, { projectId: 1, lastsMs });
  await plane.runUntil(() => job.status === 'running', 5 * minuteMs);
  return job;
};
const states = async () => (await plane.recording.rows('runners')).map(({ state }) => state);

describe('an Egg that its cloud refuses', () => {
  it('keeps the machines that run jobs, launches none, and removes what ends', async () => {
    const job = await runJob(20 * minuteMs);
    await refuse();
    const another = addJob(plane.model, { projectId: 1, lastsMs: minuteMs });
    await plane.run(15 * minuteMs, 5_000);
    const meanwhile = [job.status, another.status, ...(await states())];
    await plane.runUntil(() => plane.tofu.machines.size === 0, 60 * minuteMs);
    await plane.stop();

    expect(meanwhile).toEqual(['running', 'pending', 'active']);
    // The runner that was there took the other one before it went.
    expect([job.status, another.status, ...(await states())]).toEqual(['success', 'success', 'terminated']);
  });

  it('leaves with all of its machines when it is taken out of the Nest', async () => {
    await runJob(2 * minuteMs);
    await refuse();
    const emptied = plane.git.commit(nestOf({}));
    await plane.engine().commands.sync(me, { confirm: emptied }, direct);

    const wentMs = await plane.runUntil(() => plane.tofu.machines.size === 0, 20 * minuteMs);
    const isForgotten = async () =>
      (await plane.recording.rows('egg_configs')).every(({ name }) => name !== 'app');
    await plane.runUntil(isForgotten, 20 * minuteMs);
    await plane.stop();

    expect(wentMs).toEqual(expect.any(Number));
    expect(await isForgotten()).toBe(true);
  });

  it('has a runner that failed to boot removed, and OpenTofu rests then', async () => {
    plane.agents.comesUp = () => false;
    addJob(plane.model, { projectId: 1, lastsMs: minuteMs });
    await plane.runUntil(async () => (await states()).includes('booting'), 5 * minuteMs);
    await refuse();
    await plane.run(30 * minuteMs, 5_000);
    const fence = async () =>
      (await plane.recording.rows('leases')).find(({ name }) => name === 'egg/app/0')?.['fence'];
    const before = await fence();
    await plane.run(10 * minuteMs, 5_000);
    await plane.stop();

    expect([plane.tofu.machines.size, ...(await states())]).toEqual([0, 'terminated']);
    expect(await fence()).toBe(before);
  });
});
