import type { Tofu, TofuRunRequest } from '@polar-gosling/ports/tofu';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from '../testing/test-cloud.ts';

let plane: ControlPlane;
/** What each run was opened with, and whether one may start. */
let opened: TofuRunRequest[];
let mayStart: (run: { isRemoval: boolean }) => boolean;
let taken: number;

beforeEach(async () => {
  const clock = createFakeClock();
  opened = [];
  mayStart = () => true;
  taken = 0;
  plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    settings: cloudSettings,
    wrap: (deps) => ({ ...deps, tofu: watched(deps.tofu) }),
  });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  await install(plane, nestOf({ app: { concurrent: 9, more: [...onAws] } }));
  plane.start();
});

function watched(tofu: Tofu): Tofu {
  return {
    ...tofu,
    reserve(run) {
      if (!mayStart(run)) return undefined;
      taken++;
      return () => taken--;
    },
    open(request, options) {
      opened.push(request);
      return tofu.open(request, options);
    },
  };
}

const launch = (count: number, lastsMs = 3_600_000) =>
  Array.from({ length: count }, () => addJob(plane.model, { projectId: 1, lastsMs }));
const running = () => [...plane.model.jobs.values()].filter(({ status }) => status === 'running').length;

const liveRunners = async () => {
  const rows = await plane.recording.rows('runners');
  return rows.filter(({ state }) => state !== 'terminated');
};
const problems = async () => {
  const everyone = { tokenId: 't', name: 'test', role: 'admin' } as const;
  const signal = new AbortController().signal;
  return (await plane.engine().queries.eggStatus(everyone, 'app', { signal }))?.problems;
};

describe('runs of a shard', () => {
  it('have 25 minutes, which OpenTofu is told and their row says', async () => {
    const from = plane.clock.now();
    launch(1);
    await plane.runUntil(() => running() === 1, 60_000);
    await plane.stop();

    const [run] = await plane.recording.rows('runs');
    const [request] = opened;
    expect(run?.['hard_end_at']).toBe(request?.hardEndAt);
    expect(Number(run?.['hard_end_at']) - Number(run?.['started_at'])).toBe(25 * 60_000);
    expect(Number(run?.['started_at'])).toBeGreaterThanOrEqual(from);
  });

  it('make one next apply of all demands that come during one', async () => {
    plane.tofu.applyMs = 10_000;
    launch(1);
    await plane.runUntil(() => opened.length === 1, 10_000);
    for (let second = 0; second < 6; second++) {
      launch(1);
      await plane.run(1_000);
    }
    await plane.runUntil(() => running() === 7, 120_000);
    await plane.stop();

    expect(running()).toBe(7);
    expect(plane.tofu.applied).toEqual(['create 1', 'create 6']);
  });

  it('let a job of the same Egg start its machine at once though a removal hangs for 5 minutes', async () => {
    launch(1, 60_000);
    await plane.runUntil(() => running() === 1, 60_000);
    plane.tofu.applyMs = 300_000;
    await plane.runUntil(() => opened.length === 2, 20 * 60_000);
    await plane.run(5_000);
    plane.tofu.applyMs = 1_000;
    const from = plane.clock.now();
    launch(1);
    await plane.runUntil(() => opened.length === 3, 60_000);

    expect(plane.clock.now() - from).toBeLessThanOrEqual(2_000);
    expect(opened.map(({ wanted }) => [wanted.shard, wanted.entries.size])).toEqual([
      [0, 1],
      [0, 0],
      [1, 1],
    ]);
    expect(plane.tofu.applied).toEqual(['create 1']);
    await plane.runUntil(() => running() === 1, 60_000);
    await plane.run(300_000);
    await plane.stop();

    expect(plane.tofu.applied).toEqual(['create 1', 'create 1', 'delete 1']);
  });

  it('wait for memory without a lease, and go when there is some', async () => {
    mayStart = () => false;
    launch(1);
    await plane.run(30_000);

    expect(opened).toEqual([]);
    const leases = await plane.recording.rows('leases');
    expect(leases.filter(({ holder }) => holder !== '')).toEqual([]);
    mayStart = ({ isRemoval }) => !isRemoval;
    await plane.runUntil(() => running() === 1, 60_000);
    await plane.stop();

    expect([running(), taken]).toEqual([1, 0]);
  });

  it('ask the cloud of all machines before the first launch, and not again within a quarter of an hour', async () => {
    for (const waitMs of [0, 60_000, 5 * 60_000]) {
      await plane.run(waitMs);
      launch(1);
      await plane.run(30_000);
    }
    const creates = opened.map(({ refresh }) => refresh);
    await plane.run(20 * 60_000);
    await plane.stop();

    expect(creates).toEqual([undefined, false, false]);
    expect(running()).toBe(3);
    // Nothing was to be done since: these only looked.
    const later = opened.slice(3);
    expect(later.length).toBeGreaterThan(0);
    expect(later.every(({ refresh, wanted }) => refresh === undefined && wanted.entries.size === 3)).toBe(
      true,
    );
    expect(plane.tofu.applied).toEqual(['create 1', 'create 1', 'create 1']);
    // All that are there, and none that is still to be made.
    expect(opened.slice(0, 4).map(({ wanted }) => wanted.living?.size)).toEqual([0, 1, 2, 3]);
  });

  it('ask the cloud whenever they remove, in the region of what goes', async () => {
    launch(1, 60_000);
    await plane.runUntil(() => plane.tofu.applied.some((one) => one.startsWith('delete')), 20 * 60_000);
    await plane.stop();

    expect(opened.map(({ refresh }) => refresh)).toEqual([undefined, undefined]);
    expect(opened.map(({ wanted }) => [wanted.entries.size, wanted.region])).toEqual([
      [1, 'eu-central-1'],
      [0, 'eu-central-1'],
    ]);
  });

  it('ask the cloud again where a machine was gone before its state knew, and launch in the same shard', async () => {
    launch(1, 60_000);
    await plane.runUntil(() => running() === 1, 60_000);
    plane.tofu.nextApply = () => 'killed';
    await plane.runUntil(() => opened.length === 2, 20 * 60_000);
    await plane.run(10_000);
    plane.tofu.nextApply = () => 'ok';
    await plane.runUntil(async () => (await liveRunners()).length === 0, 20 * 60_000);
    launch(1);
    await plane.runUntil(() => running() === 1, 60_000);
    launch(1);
    await plane.runUntil(() => running() === 2, 60_000);
    await plane.stop();

    expect(await problems()).toEqual([]);
    const wanting = opened.filter(({ wanted }) => wanted.entries.size > 0);
    expect(wanting.map(({ wanted, refresh }) => [wanted.shard, wanted.entries.size, refresh])).toEqual([
      [0, 1, undefined],
      // Of the second launch, and of a look at what its apply has written.
      [0, 1, undefined],
      [0, 1, undefined],
      [0, 2, false],
    ]);
  });
});
