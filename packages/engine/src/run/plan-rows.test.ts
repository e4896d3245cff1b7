import type { Row } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { handlers } from '../background/handlers.ts';
import { forgetEgg } from '../bind/forget-egg.ts';
import { applyJob } from '../demand/apply-job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import type { ApplyFault } from '../testing/fake-tofu.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from '../testing/test-cloud.ts';
import { runShard } from './run-shard.ts';

const dayMs = 86_400_000;
const keptMs = 90 * dayMs;
const me = { tokenId: 't', name: 'me', role: 'write' } as const;
let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), settings: cloudSettings });
  plane.model.projects.set(1, 'group/app');
  await install(plane, nestOf({ app: { concurrent: 5 } }));
});

async function wantRunner(jobId: number): Promise<void> {
  const job = { serverProject: 'gitlab.com#1', name: 'b', ref: 'm', pipelineId: 1, tags: ['linux'] };
  await applyJob(plane.deps, { ...job, jobId, status: 'pending' }, direct);
  await reconcile(plane.deps, 'app', direct);
}

async function run(apply: ApplyFault = 'ok'): Promise<string> {
  plane.tofu.nextApply = () => apply;
  const outcome = runShard(plane.deps, { egg: 'app', shard: 0 }, direct).catch(({ code }) => code);
  await plane.clock.advance(5_000);
  return outcome;
}

/** A job comes and its runner is made; its plan's row. */
async function launch(jobId: number): Promise<Row> {
  await wantRunner(jobId);
  await run();
  return { ...(await plans()).at(-1) };
}

const plans = () => plane.recording.rows('deployment_plans');

/** When each plan's row goes, as far as that is set. */
async function expiries(): Promise<unknown[]> {
  return (await plans()).map((row) => row['expires_at']);
}

async function setPlan(id: unknown, set: Row): Promise<void> {
  const key = { table: 'deployment_plans', partition: String(id) } as const;
  await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
}

async function forgetNotes(): Promise<void> {
  for (const { egg_name: partition, item: sort } of await plane.recording.rows('egg_members')) {
    if (!String(sort).startsWith('plan#')) continue;
    const key = { table: 'egg_members', partition: String(partition), sort: String(sort) } as const;
    await plane.deps.store.commit([{ kind: 'delete', key, when: { kind: 'any' } }], direct);
  }
}

describe('the row of a plan', () => {
  it('stays while no other plan of its shard came into force, however long that is', async () => {
    const plan = await launch(1);

    await plane.clock.advance(400 * dayMs);

    const status = await plane.engine().queries.eggStatus(me, 'app', direct);
    expect(status?.latestPlan).toMatchObject({ id: plan['id'], status: 'applied' });
    const to = { egg: 'app', unpin: false, dryRun: true, to: String(plan['id']) };
    await expect(plane.engine().commands.rollback(me, to, direct)).rejects.toMatchObject({
      code: 'ROLLBACK_NOTHING',
    });
  });

  it('goes 90 days after another of its shard was applied, and no sooner for one that failed', async () => {
    await launch(1);
    await plane.clock.advance(30 * dayMs);
    await wantRunner(2);
    await run('fails_before');
    const failedAt = plane.clock.now() - 3_000;
    expect(await expiries()).toEqual([undefined, failedAt + keptMs]);

    await plane.clock.advance(5 * 60_000);
    await reconcile(plane.deps, 'app', direct);
    await run();

    const appliedAt = plane.clock.now() - 3_000;
    expect(await expiries()).toEqual([appliedAt + keptMs, failedAt + keptMs, undefined]);
  });

  it('goes 90 days after an apply of which nobody knows what it did', async () => {
    await wantRunner(1);
    await run('ended_before');

    expect(await expiries()).toEqual([plane.clock.now() - 3_000 + keptMs]);
  });

  it('stays beside the plans of other shards', async () => {
    await launch(1);
    await wantRunner(2);
    const requested = (await plane.recording.rows('runners')).find(({ state }) => state === 'requested');
    const key = { table: 'runners', partition: String(requested?.['id']) } as const;
    const unit = [{ kind: 'update', key, set: { shard: 1 }, when: { kind: 'any' } } as const];
    await plane.deps.store.commit(unit, direct);

    const other = runShard(plane.deps, { egg: 'app', shard: 1 }, direct);
    await plane.clock.advance(5_000);

    expect(await other).toBe('again');
    expect(await expiries()).toEqual([undefined, undefined]);
    await launch(3);
    expect((await expiries()).slice(1)).toEqual([undefined, undefined]);
    expect(await expiries()).toContain(plane.clock.now() - 3_000 + keptMs);
  });

  it('that an earlier release let expire stays where its plan is the one in force', async () => {
    const [first, second] = [await launch(1), await launch(2)];
    const armed = { ...second, id: 'armed', plan_type: 'rift', status: 'pending', expires_at: undefined };
    await plane.deps.store.commit(
      [{ kind: 'put', table: 'deployment_plans', row: armed, when: { kind: 'absent' } }],
      direct,
    );
    await forgetNotes();
    for (const { id, created_at: at } of [first, second])
      await setPlan(id, { expires_at: Number(at) + keptMs });

    await handlers.collect?.(plane.deps, 'blobs', direct);
    expect(await expiries()).toEqual([Number(first['created_at']) + keptMs, undefined, undefined]);

    await launch(3);
    expect((await expiries()).slice(1)).toEqual([plane.clock.now() - 3_000 + keptMs, undefined, undefined]);
  });

  it('goes with its Egg, 90 days later', async () => {
    await launch(1);
    for (const { id } of await plane.recording.rows('runners')) {
      const key = { table: 'runners', partition: String(id) } as const;
      const set = { state: 'terminating' };
      await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
    }
    await run();
    const egg = await getRow(plane.deps.store, { ...typed.eggConfigs, key: { partition: 'app' } }, direct);

    expect(egg && (await forgetEgg(plane.deps, egg, direct))).toBe('done');

    expect((await expiries()).at(-1)).toBe(plane.clock.now() + keptMs);
    expect(await plane.recording.rows('egg_members')).toEqual([]);
  });

  it('says by which program and from which state to which it was made', async () => {
    await launch(1);
    await launch(2);

    const program = { tofu_version: '1.12.0', tofu_sha256: 'a'.repeat(64) };
    const [first, second] = await plans();
    expect(first).toMatchObject({ ...program, lineage: 'lineage of app#0', serial_after: 1 });
    expect(first?.['serial_before']).toBeUndefined();
    expect(second).toMatchObject({
      ...{ ...program, lineage: 'lineage of app#0', serial_before: 1, serial_after: 2 },
    });
  });
});

describe('the checks of machines', () => {
  it('are shown by a run that changes nothing, until one finds them well', async () => {
    // States are compared with a cloud now and then, and with this host never.
    await publishAgent(plane);
    await install(plane, nestOf({ app: { concurrent: 5, more: onAws } }));
    await launch(1);
    await plane.clock.advance(20 * 60_000);
    const problems = async () =>
      (await plane.engine().queries.eggStatus(me, 'app', direct))?.problems.map(({ detail }) => detail);
    const found = (status: 'pass' | 'fail', ...said: string[]) => {
      plane.tofu.checks = [{ name: 'machine_reachable', status, problems: said }];
    };

    found('fail', 'no answer from 10.0.0.7');
    expect(await run()).toBe('idle');
    expect(await problems()).toEqual([expect.stringContaining('machine_reachable: no answer from 10.0.0.7')]);

    await plane.clock.advance(20 * 60_000);
    found('pass');
    expect(await run()).toBe('idle');
    expect(await problems()).toEqual([]);
  });
});
