import type { Tofu, TofuRunRequest } from '@polar-gosling/ports/tofu';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyJob } from '../demand/apply-job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from '../testing/test-cloud.ts';
import { runShard } from './run-shard.ts';

const minuteMs = 60_000;
const everyone = { tokenId: 't', name: 'test', role: 'admin' } as const;
let plane: ControlPlane;
let opened: (TofuRunRequest['wanted'] & { at: number })[];

beforeEach(async () => {
  const clock = createFakeClock();
  opened = [];
  plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    settings: cloudSettings,
    wrap: (deps) => ({ ...deps, tofu: watched(deps.tofu) }),
  });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  await install(plane, nestOf({ app: { concurrent: 9, more: onAws } }));
});

function watched(tofu: Tofu): Tofu {
  return {
    ...tofu,
    open(request, options) {
      opened.push({ ...request.wanted, at: plane.clock.now() });
      return tofu.open(request, options);
    },
  };
}

const launch = (lastsMs: number) => addJob(plane.model, { projectId: 1, lastsMs });
async function wantRunner(jobId: number): Promise<void> {
  const job = { serverProject: 'gitlab.com#1', name: 'b', ref: 'm', pipelineId: 1, tags: ['linux'] };
  await applyJob(plane.deps, { ...job, jobId, status: 'pending' }, direct);
  await reconcile(plane.deps, 'app', direct);
}
const runs = async (purpose: string) =>
  (await plane.recording.rows('runs')).filter((row) => row['purpose'] === purpose);
const problems = async () =>
  (await plane.engine().queries.eggStatus(everyone, 'app', direct))?.problems ?? [];

/** One machine that is to go and stays: its cloud refuses. */
async function refuseRemovals(): Promise<void> {
  plane.start();
  plane.tofu.failureClass = 'denied';
  plane.tofu.nextApply = ({ isRemoval }) => (isRemoval ? 'fails_before' : 'ok');
  launch(minuteMs);
  await plane.runUntil(async () => (await runs('remove')).length > 0, 20 * minuteMs);
}

describe('a removal that fails for good', () => {
  it('backs off to a quarter of an hour, and says what to do until the machine is gone', async () => {
    await refuseRemovals();
    await plane.run(40 * minuteMs, 15_000);
    const told = await problems();
    const tried = (await runs('remove')).length;
    plane.tofu.nextApply = () => 'ok';
    await plane.runUntil(() => plane.tofu.machines.size === 0, 16 * minuteMs);
    await plane.run(5_000);
    await plane.stop();

    // After 1, 2, 4, 8 and then 15 minutes, and a look for what is due every half of one.
    expect(tried).toBeGreaterThanOrEqual(5);
    expect(tried).toBeLessThanOrEqual(6);
    expect(told).toMatchObject([
      { code: 'TOFU_REMOVAL_FAILED', detail: expect.stringMatching(/no capacity.*tried again at .*by hand/) },
    ]);
    expect(await problems()).toEqual([]);
    expect(plane.tofu.machines.size).toBe(0);
  });

  it('keeps no job waiting, however long it has failed', async () => {
    await refuseRemovals();
    const waits: (number | undefined)[] = [];
    for (const pauseMs of [0, 12 * minuteMs, 15 * minuteMs]) {
      await plane.run(pauseMs, 15_000);
      const job = launch(5 * minuteMs);
      waits.push(await plane.runUntil(() => job.status !== 'pending', 10 * minuteMs));
    }
    await plane.stop();

    expect(waits.every((ms) => ms !== undefined && ms <= 30_000)).toBe(true);
    expect(plane.tofu.violations).toEqual([]);
  });

  it('ends launches when twice the most machines of the Egg are stuck, until one is gone', async () => {
    await refuseRemovals();
    for (let batch = 0; batch < 2; batch++) {
      const jobs = Array.from({ length: 9 }, () => launch(minuteMs));
      await plane.runUntil(() => jobs.every(({ status }) => status === 'success'), 10 * minuteMs);
      await plane.run(10 * minuteMs, 15_000);
    }
    const waiting = launch(minuteMs);
    await plane.run(5 * minuteMs, 15_000);
    const stuck = plane.tofu.machines.size;
    const why = await plane
      .engine()
      .queries.why(everyone, { server: 'gitlab.com', project: '1', jobId: waiting.id }, direct);
    await plane.run(20 * minuteMs, 15_000);
    const later = plane.tofu.machines.size;
    plane.tofu.nextApply = () => 'ok';
    const took = await plane.runUntil(() => waiting.status === 'success', 20 * minuteMs);
    await plane.stop();

    expect([stuck, later]).toEqual([19, 19]);
    expect(JSON.stringify(why)).toMatch(/19 machines of egg app could not be removed/);
    expect(took).toEqual(expect.any(Number));
  });
});

async function makeOne(): Promise<void> {
  await wantRunner(1);
  await run();
}

async function run(): Promise<string> {
  const outcome = runShard(plane.deps, { egg: 'app', shard: 0 }, direct);
  await plane.clock.advance(5_000);
  return outcome;
}

async function endFirst(more: object): Promise<void> {
  const [first] = await plane.recording.rows('runners');
  const key = { table: 'runners', partition: String(first?.['id']) } as const;
  const set = { state: 'terminating', state_since: plane.clock.now(), desired: 'stop', ...more };
  await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
}

describe('the next launch', () => {
  it.each([
    { where: 'the same shard where a removal can wait for it', shard: 0 },
    { where: 'another shard where a removal is due', shard: 1, more: { state_since: 0 } },
    {
      where: 'another shard where a machine was made by half',
      shard: 1,
      more: { metadata: { tainted: true } },
    },
    { where: 'another shard where a removal has failed', shard: 1, hasFailed: true },
  ])('is made in $where', async ({ shard, more = {}, hasFailed = false }) => {
    await makeOne();
    await endFirst(more);
    plane.tofu.nextApply = ({ isRemoval }) => (isRemoval ? 'fails_before' : 'ok');
    if (hasFailed) expect(await run()).toBe('idle');

    await wantRunner(2);

    const rows = await plane.recording.rows('runners');
    const requested = rows.filter(({ state }) => state === 'requested');
    expect(new Set(requested.map((row) => row['shard']))).toEqual(new Set([shard]));
  });
});

describe('a launch that was meant for a shard', () => {
  it.each([
    ['a removal that is due', { state_since: 0 }],
    ['what was made by half', { metadata: { tainted: true } }],
  ])('is made in another one, and does not wait there for %s', async (_what, more) => {
    await makeOne();
    await wantRunner(2);
    await endFirst(more);

    plane.tofu.applyMs = 5 * minuteMs;
    const removal = runShard(plane.deps, { egg: 'app', shard: 0 }, direct);
    await plane.clock.advance(1_000);
    const [state] = await plane.recording.rows('egg_state');
    await reconcile(plane.deps, 'app', direct);
    plane.tofu.applyMs = 1_000;
    const creation = runShard(plane.deps, { egg: 'app', shard: 1 }, direct);
    await plane.clock.advance(2_000);

    expect(state).toMatchObject({ dirty: '1' });
    expect(await creation).toBe('again');
    expect(plane.tofu.applied).toEqual(['create 1', 'create 2']);
    expect(opened.map(({ shard, entries }) => [shard, entries.size])).toEqual([
      ...[
        [0, 1],
        [0, 0],
        [1, 2],
      ],
    ]);
    const audit = await plane.recording.rows('audit_logs');
    expect(audit).toContainEqual(expect.objectContaining({ actor: 'reconcile', action: 'move' }));
    await plane.clock.advance(5 * minuteMs);
    expect(await removal).toBe('again');
    expect(plane.tofu.applied).toEqual(['create 1', 'create 2', 'delete 1']);
  });
});
