import { maxUnitWrites, type Row, type Store, type Unit } from '@polar-gosling/ports/store';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyJob } from '../demand/apply-job.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { reconcile } from './reconcile.ts';

let plane: ControlPlane;
const units: Unit[] = [];
/** Called before each commit; a test may take the lease away there. */
let beforeCommit: (unit: Unit) => Promise<void> = async () => undefined;

function watched(store: Store): Store {
  const commit: Store['commit'] = async (unit, options) => {
    units.push(unit);
    await beforeCommit(unit);
    return store.commit(unit, options);
  };
  return { ...store, commit };
}

async function aPlane(concurrent: number, frozen = false): Promise<void> {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock), wrapStore: watched });
  plane.model.projects.set(1, 'group/app');
  await install(plane, nestOf({ app: { concurrent } }));
  if (frozen) await plane.engine().commands.setFreeze(me, { on: true, why: 'x' }, direct);
}

const me = { tokenId: 't', name: 'me', role: 'admin' } as const;

beforeEach(async () => {
  beforeCommit = async () => undefined;
  await aPlane(40);
  units.length = 0;
});

async function wait(jobs: number): Promise<void> {
  for (let jobId = 1; jobId <= jobs; jobId++) {
    const job = { serverProject: 'gitlab.com#1', jobId, name: 'b', ref: 'm', pipelineId: 1, tags: ['linux'] };
    await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
  }
}

async function runners() {
  return plane.recording.rows('runners');
}

async function setRunners(set: Row): Promise<void> {
  for (const { id, state } of await runners()) {
    if (state === 'terminating' || state === 'terminated') continue;
    const key = { table: 'runners', partition: String(id) } as const;
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
  }
}

async function lookAgain(): Promise<number[]> {
  const rows = await plane.recording.rows('outbox');
  return rows
    .filter((row) => String(row['id']).startsWith('look-again'))
    .map((row) => Number(row['visible_at']));
}

describe('reconcile', () => {
  it('launches a runner for each waiting job, with its entry, its agent and an audit row', async () => {
    await wait(2);

    expect(await reconcile(plane.deps, 'app', direct)).toBe('done');

    expect(await runners()).toMatchObject([
      { state: 'requested', pool: 'apex', desired: 'run', shard: 0, made: false },
      { state: 'requested', launch_key: 'app/gitlab.com#1#2/0' },
    ]);
    expect(await plane.recording.rows('runner_agents')).toHaveLength(2);
    const audit = (await plane.recording.rows('audit_logs')).filter((row) => row['action'] === 'launch');
    expect(audit).toMatchObject([{ actor: 'reconcile', details: { rule: 'waiting_job' } }, {}]);
    expect(await plane.recording.rows('deployments')).toMatchObject([{ state: 'running' }]);
    expect(await plane.recording.rows('ci_jobs')).toMatchObject([{ wait_cause: 'starting_runner' }, {}]);
  });

  it('launches nothing twice for the same job, and leaves the Egg clean', async () => {
    await wait(2);
    await reconcile(plane.deps, 'app', direct);
    await reconcile(plane.deps, 'app', direct);

    expect(await runners()).toHaveLength(2);
    const [state] = await plane.recording.rows('egg_state');
    expect(state).not.toHaveProperty('dirty');
    expect(state?.['done_generation']).toBe(state?.['dirty_generation']);
  });

  it('never goes above the max, and writes in units that every store takes, ten to a shard', async () => {
    await wait(60);
    units.length = 0;
    await reconcile(plane.deps, 'app', direct);

    expect(await runners()).toHaveLength(40);
    expect(Math.max(...units.map((unit) => unit.length))).toBeLessThanOrEqual(maxUnitWrites);
    const shards = Map.groupBy(await runners(), (row) => row['shard']);
    expect([...shards.values()].map((some) => some.length)).toEqual([10, 10, 10, 10]);
  });

  it('writes nothing more once its lease is lost', async () => {
    await wait(20);
    let launches = 0;
    beforeCommit = async (unit) => {
      if (!unit.some((write) => write.kind === 'put' && write.table === 'runners')) return;
      if (++launches !== 2) return;
      beforeCommit = async () => undefined;
      const key = { table: 'leases', partition: 'egg/app' } as const;
      const set = { holder: 'another', fence: 99 };
      await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
    };

    await expect(reconcile(plane.deps, 'app', direct)).rejects.toMatchObject({ code: 'STORE_CONTENDED' });

    expect((await runners()).length).toBeLessThan(7);
    expect(await plane.recording.rows('egg_state')).toMatchObject([{ dirty: '1' }]);
  });

  it('is busy while another holds the Egg', async () => {
    const key = { table: 'leases', partition: 'egg/app' } as const;
    const set = { holder: 'another', fence: 99, expires_at: 0, acquired_at: 0 };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);

    expect(await reconcile(plane.deps, 'app', direct)).toBe('busy');
  });

  it('sets wake-ups that do not pile up', async () => {
    await wait(1);
    for (let second = 0; second < 60; second++) {
      await reconcile(plane.deps, 'app', direct);
      await plane.clock.advance(1_000);
    }

    const due = await lookAgain();
    expect(new Set(due).size).toBe(due.length);
    expect(due.length).toBeLessThanOrEqual(2);
  });

  it('says gone for an Egg that is not there, and forgets what others still write of it', async () => {
    const key = { table: 'egg_state', partition: 'ghost' } as const;
    await plane.deps.store.commit(
      [{ kind: 'update', key, set: { dirty: '1' }, when: { kind: 'any' } }],
      direct,
    );

    expect(await reconcile(plane.deps, 'ghost', direct)).toBe('gone');
    expect((await plane.recording.rows('egg_state')).map((row) => row['egg_name'])).not.toContain('ghost');
  });

  it('launches nothing while frozen and notes why the job waits', async () => {
    await aPlane(2, true);
    await wait(1);
    await reconcile(plane.deps, 'app', direct);

    expect(await runners()).toEqual([]);
    expect(await plane.recording.rows('ci_jobs')).toMatchObject([
      { wait_cause: 'frozen', blocked_since: plane.clock.now() },
    ]);
    expect(await lookAgain()).toHaveLength(1);
  });

  it('closes a request that no job needs any more', async () => {
    await wait(1);
    await reconcile(plane.deps, 'app', direct);
    const job = { serverProject: 'gitlab.com#1', jobId: 1, name: 'b', ref: 'm', pipelineId: 1 };
    await applyJob(plane.deps, { ...job, status: 'canceled' }, direct);
    await reconcile(plane.deps, 'app', direct);

    expect(await runners()).toMatchObject([{ state: 'terminated' }]);
    expect(await plane.recording.rows('egg_members')).toEqual([]);
  });

  it('gives up on a deployment after three boots that failed for a reason of its own', async () => {
    for (let boot = 1; boot <= 3; boot++) {
      await wait(boot);
      await reconcile(plane.deps, 'app', direct);
      await setRunners({ state: 'booting', deadline_at: plane.clock.now() });
      await reconcile(plane.deps, 'app', direct);
    }
    await reconcile(plane.deps, 'app', direct);

    expect(await plane.recording.rows('deployments')).toMatchObject([{ state: 'failed' }]);
  });

  it('forgets the failures of an earlier configuration, and counts none that comes late', async () => {
    await wait(1);
    await reconcile(plane.deps, 'app', direct);
    const key = { table: 'egg_state', partition: 'app' } as const;
    const set = { failures: 5, backoff_failures: 5, backoff_until: plane.clock.now() + 900_000 };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);
    const [old] = await runners();

    await install(plane, nestOf({ app: { tags: ['linux', 'new'] } }));
    await setRunners({ state: 'booting', deadline_at: plane.clock.now() });
    await wait(2);
    await reconcile(plane.deps, 'app', direct);

    expect(await plane.recording.rows('egg_state')).toMatchObject([{ failures: 0 }]);
    expect((await plane.recording.rows('egg_state'))[0]).not.toHaveProperty('backoff_until');
    const states = new Map((await runners()).map((row) => [row['id'], row['state']]));
    expect(states.get(old?.['id'])).toBe('terminated');
    expect([...states.values()].filter((state) => state === 'requested')).toHaveLength(2);
  });

  it('refuses local runners where the host says so, and shows it', async () => {
    const settings = { ...plane.deps.settings, refuseLocal: () => 'gitlab.com is open to everybody' };
    await wait(1);
    await reconcile({ ...plane.deps, settings }, 'app', direct);

    expect(await runners()).toEqual([]);
    expect(await plane.recording.rows('egg_state')).toMatchObject([
      { problems: { local: { code: 'LOCAL_REFUSED' } } },
    ]);
  });
});
