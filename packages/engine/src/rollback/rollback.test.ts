import { createFakeClock, createSeededIds, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyJob } from '../demand/apply-job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { runShard } from '../run/run-shard.ts';
import { syncNest } from '../sync/sync-nest.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { readInForce } from './in-force.ts';

let plane: ControlPlane;
const me = { tokenId: 't', name: 'me', role: 'write' } as const;

async function aPlane(): Promise<ControlPlane> {
  const clock = createFakeClock();
  const made = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  made.model.projects.set(1, 'group/app');
  return made;
}

/** A commit of the Nest whose machines have so much memory. */
async function commit(memory: number, tags: readonly string[] = ['linux']): Promise<string> {
  const more = ['  }', '  resources {', `    memory = ${memory}`];
  const files = nestOf({ app: { more, tags, concurrent: 5 } });
  if ((await plane.recording.rows('bindings')).length === 0) return install(plane, files);
  const made = plane.git.commit(files);
  await syncNest(plane.deps, direct);
  return made;
}

/** A commit that reconcile has seen, in a deployment of its own. */
async function deploy(memory: number): Promise<string> {
  const made = await commit(memory);
  await reconcile(plane.deps, 'app', direct);
  await plane.clock.advance(1_000);
  return made;
}

function rollback(request: { to?: string; unpin?: boolean; dryRun?: boolean } = {}) {
  const asked = { egg: 'app', unpin: false, dryRun: false, ...request };
  return plane.engine().commands.rollback(me, asked, direct);
}

async function memoryInForce(): Promise<number | undefined> {
  return (await readInForce(plane.deps, 'app', direct))?.egg.config.resources.memoryMib;
}

async function deployments(): Promise<string[]> {
  return (await plane.recording.rows('deployments')).map(
    ({ state, machine }) =>
      `${(machine as { resources: { memoryMib: number } }).resources.memoryMib} ${state}`,
  );
}

async function wait(jobId: number): Promise<void> {
  const job = { serverProject: 'gitlab.com#1', jobId, name: 'b', ref: 'm', pipelineId: 1, tags: ['linux'] };
  await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
}

async function setState(
  table: 'deployments' | 'runners',
  at: (row: Record<string, unknown>) => object | undefined,
) {
  for (const row of await plane.recording.rows(table)) {
    const set = at(row);
    if (set === undefined) continue;
    const key =
      table === 'runners'
        ? { table, partition: String(row['id']) }
        : { table, partition: String(row['egg_name']), sort: String(row['id']) };
    await plane.deps.store.commit(
      [{ kind: 'update', key, set: { ...set }, when: { kind: 'present' } }],
      direct,
    );
  }
}

beforeEach(async () => {
  plane = await aPlane();
});

describe('rollback', () => {
  it('pins the machines of the deployment before, and a new launch has them at once', async () => {
    const [first] = [await deploy(1024), await deploy(2048)];
    await wait(1);

    const view = await rollback();
    await reconcile(plane.deps, 'app', direct);

    expect(view).toMatchObject({
      action: 'pin',
      after: { commit: first },
      changes: [{ path: 'resources.memoryMib', before: 2048, after: 1024, isMachine: true }],
    });
    const [runner] = await plane.recording.rows('runners');
    const entry = JSON.parse(new TextDecoder().decode(runner?.['entry'] as Uint8Array));
    expect([entry.memory_mib, runner?.['deployed_from_commit']]).toEqual([1024, first]);
    expect(await deployments()).toEqual(['1024 superseded', '2048 rolled_back', '1024 running']);
    const status = await plane.engine().queries.eggStatus(me, 'app', direct);
    expect(status).toMatchObject({ pinned: { by: 'me', commit: first }, deployment: { state: 'running' } });
    const audit = (await plane.recording.rows('audit_logs')).filter(({ action }) => action === 'rollback');
    expect(audit).toMatchObject([{ actor: 'me', resource_id: 'app', details: { rule: 'by_hand' } }]);
  });

  it('is what the first launch after it is called', async () => {
    await deploy(1024);
    await deploy(2048);
    await wait(1);
    await rollback();
    await reconcile(plane.deps, 'app', direct);

    const done = runShard(plane.deps, { egg: 'app', shard: 0 }, direct);
    await plane.clock.advance(5_000);

    expect(await done).toBe('again');
    expect(await plane.recording.rows('deployment_plans')).toMatchObject([
      { kind: 'rollback', status: 'applied' },
    ]);
  });

  it('shows the plans of the deployment that is left as rolled back, and those of others as they were', async () => {
    const launch = async (jobId: number, apply: 'ok' | 'fails_before' = 'ok') => {
      plane.tofu.nextApply = () => apply;
      await wait(jobId);
      await reconcile(plane.deps, 'app', direct);
      const done = runShard(plane.deps, { egg: 'app', shard: 0 }, direct).catch(() => undefined);
      await plane.clock.advance(5_000);
      await done;
    };
    await deploy(1024);
    await launch(1);
    await deploy(2048);
    await launch(2);
    await launch(3);
    await launch(4, 'fails_before');

    await rollback();

    const shown = ['rolled_back', 'rolled_back', 'applied'];
    const page = await plane.engine().queries.plans(me, { egg: 'app', limit: 10 }, direct);
    expect(page?.items.map(({ status }) => status)).toEqual(['failed', ...shown]);
    const status = await plane.engine().queries.eggStatus(me, 'app', direct);
    expect(status?.deploymentHistory.map((plan) => plan.status)).toEqual(['failed', ...shown]);
  });

  it('shows the first plan of a long deployment as rolled back, and the newest as far as a unit holds them', async () => {
    await deploy(1024);
    await deploy(2048);
    const [before, deployment] = await plane.recording.rows('deployments');
    for (let number = 0; number < 130; number++) {
      const row = {
        ...{ id: `plan-${number}`, egg_name: 'app', plan_type: 'runner', shard: 0, status: 'applied' },
        ...{
          kind: number === 0 ? 'deploy' : 'scale',
          deployment_id: (number === 120 ? before : deployment)?.['id'],
          config_hash: '',
        },
        ...{ git_commit: '', created_at: plane.clock.now() + number },
      };
      const put = { kind: 'put', table: 'deployment_plans', row, when: { kind: 'absent' } } as const;
      await plane.deps.store.commit([put], direct);
    }

    await rollback();

    const left = (await plane.recording.rows('deployment_plans')).filter(
      ({ status }) => status === 'rolled_back',
    );
    const newest = Array.from({ length: 15 }, (_, at) => `plan-${115 + at}`);
    expect(left.map(({ id }) => id)).toEqual(['plan-0', ...newest.filter((id) => id !== 'plan-120')]);
  });

  it('leaves tags, counts and times as the newest commit has them', async () => {
    await deploy(1024);
    await deploy(2048);
    await rollback();

    const newest = await commit(2048, ['linux', 'arm']);
    await reconcile(plane.deps, 'app', direct);

    const inForce = await readInForce(plane.deps, 'app', direct);
    expect(inForce?.egg.config).toMatchObject({
      resources: { memoryMib: 1024 },
      runner: { tags: ['linux', 'arm'] },
    });
    expect(inForce?.nest.git_commit).toBe(newest);
    expect(inForce?.pin).toBeDefined();
  });

  it('says which runners go and which finish a job, then drains the idle ones first', async () => {
    await deploy(1024);
    await deploy(2048);
    await wait(1);
    await wait(2);
    await reconcile(plane.deps, 'app', direct);
    await setState('runners', ({ launch_key: key }) => ({
      state: String(key).includes('#2/') ? 'active' : 'idle',
      made: true,
      deadline_at: undefined,
    }));
    const rows = await plane.recording.rows('runners');
    const idOf = (state: string) => rows.find((row) => row['state'] === state)?.['id'];

    const view = await rollback();
    await reconcile(plane.deps, 'app', direct);

    expect(view).toMatchObject({
      runners: { kept: [], replaced: [idOf('idle')], drained: [idOf('active')], leaving: [] },
    });
    const after = await plane.recording.rows('runners');
    const stateOf = (id: unknown) => after.find((row) => row['id'] === id)?.['state'];
    expect([stateOf(idOf('idle')), stateOf(idOf('active'))]).toEqual(['draining', 'active']);
  });

  it('goes further back a second time, never to what failed or was rolled back from', async () => {
    await deploy(1024);
    await deploy(2048);
    await setState('deployments', ({ state }) => (state === 'running' ? { state: 'failed' } : undefined));
    await deploy(3072);
    await deploy(4096);

    const seen: unknown[] = [];
    for (let step = 0; step < 2; step++) {
      await rollback();
      await reconcile(plane.deps, 'app', direct);
      await plane.clock.advance(1_000);
      seen.push(await memoryInForce());
    }

    expect(seen).toEqual([3072, 1024]);
    await expect(rollback()).rejects.toMatchObject({ code: 'ROLLBACK_NOTHING' });
  });

  it('takes a commit, short or whole, one that changed no machine, a plan or a deployment', async () => {
    const [first] = [await deploy(1024)];
    const between = await commit(1024, ['linux', 'other']);
    await deploy(2048);
    await deploy(3072);
    const [{ id } = { id: '' }] = await plane.recording.rows('deployments');
    const plan = {
      id: 'p1',
      egg_name: 'app',
      plan_type: 'runner',
      kind: 'scale',
      shard: 0,
      status: 'applied',
    };
    const row = { ...plan, deployment_id: id, config_hash: '', git_commit: '', created_at: 0 };
    await plane.deps.store.commit(
      [{ kind: 'put', table: 'deployment_plans', row, when: { kind: 'absent' } }],
      direct,
    );

    const found: unknown[] = [];
    for (const to of [first, between, 'p1', String(id)]) {
      const view = await rollback({ to, dryRun: true });
      found.push(view !== 'missing' && view.after.deployment?.id);
    }

    expect(found).toEqual([id, id, id, id]);
    for (const to of ['nothing', 'ffffffffff', '../x']) {
      await expect(rollback({ to })).rejects.toMatchObject({ code: 'ROLLBACK_UNKNOWN_TARGET', http: 404 });
    }
  });

  it('is lifted by hand, and then what the Nest says is in force', async () => {
    await deploy(1024);
    await deploy(2048);
    await rollback();
    await reconcile(plane.deps, 'app', direct);

    const view = await rollback({ unpin: true });
    await reconcile(plane.deps, 'app', direct);

    expect(view).toMatchObject({ action: 'unpin', changes: [{ before: 1024, after: 2048 }] });
    expect(await memoryInForce()).toBe(2048);
    expect(await plane.recording.rows('pins')).toEqual([]);
    expect((await deployments()).at(-1)).toBe('2048 running');
    await expect(rollback({ unpin: true })).rejects.toMatchObject({ code: 'ROLLBACK_NOT_PINNED', http: 409 });
  });

  it('ends with the next commit that changes the machines, and not with a new revision of the module', async () => {
    await deploy(1024);
    await deploy(2048);
    await rollback();
    await reconcile(plane.deps, 'app', direct);
    const settings = { ...plane.deps.settings, machineRevision: 2 };
    const raised = await readInForce({ ...plane.deps, settings }, 'app', direct);

    await commit(4096);
    const effectiveAtOnce = await memoryInForce();
    await reconcile(plane.deps, 'app', direct);
    await commit(2048);

    expect(raised?.egg.config.resources.memoryMib).toBe(1024);
    expect(raised?.egg.machine_hash).not.toBe(raised?.nest.machine_hash);
    expect([effectiveAtOnce, await memoryInForce()]).toEqual([4096, 2048]);
    const audit = (await plane.recording.rows('audit_logs')).filter(({ action }) => action === 'unpin');
    expect(audit).toMatchObject([{ actor: 'reconcile', details: { rule: 'pin_ends' } }]);
  });

  it('lifts the pin where the named deployment is what the Nest says', async () => {
    const second = [await deploy(1024), await deploy(2048)][1];
    await rollback();
    await reconcile(plane.deps, 'app', direct);

    const view = await rollback({ to: second ?? '' });

    expect(view).toMatchObject({ action: 'unpin' });
    expect(await plane.recording.rows('pins')).toEqual([]);
  });

  it('ends the back-off of the machines that it leaves', async () => {
    await deploy(1024);
    await deploy(2048);
    const key = { table: 'egg_state', partition: 'app' } as const;
    const set = { failures: 5, backoff_until: plane.clock.now() + 900_000, backoff_failures: 5 };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);
    await wait(1);

    await rollback();
    await reconcile(plane.deps, 'app', direct);

    expect(await plane.recording.rows('runners')).toHaveLength(1);
  });

  it('has nothing to go back to with one deployment, and knows no Egg of others', async () => {
    await deploy(1024);

    await expect(rollback()).rejects.toMatchObject({ code: 'ROLLBACK_NOTHING', http: 409 });
    const request = { egg: 'app', unpin: false, dryRun: false };
    const { commands } = plane.engine();
    expect(await commands.rollback({ ...me, eggs: ['other'] }, request, direct)).toBe('missing');
    expect(await commands.rollback(me, { ...request, egg: 'none' }, direct)).toBe('missing');
    expect(await plane.recording.rows('pins')).toEqual([]);
  });

  it('keeps the last 20 deployments, and those that a pin or a runner names', async () => {
    const first = await deploy(1024);
    await wait(1);
    const second = await deploy(1025);
    await setState('runners', () => ({ state: 'active', made: true, deadline_at: undefined }));
    await deploy(1026);
    await rollback({ to: first });
    const [like] = await plane.recording.rows('deployments');
    for (let more = 0; more <= 20; more++) {
      const row = { ...like, id: plane.deps.ids.next(), git_commit: `later ${more}` };
      await plane.deps.store.commit(
        [{ kind: 'put', table: 'deployments', row, when: { kind: 'absent' } }],
        direct,
      );
    }

    await commit(1026, ['linux', 'other']);

    const kept = (await plane.recording.rows('deployments')).map((row) => row['git_commit']);
    // The third one has the runner that was launched for the job.
    expect(kept.slice(0, 2)).toEqual([first, second]);
    expect(kept.slice(3)).toEqual(Array.from({ length: 20 }, (_, at) => `later ${at + 1}`));
  });

  it('Feature: gitops-runner-orchestration, Property 25: a rollback restores the machines of the deployment before', async () => {
    const memory = fc.integer({ min: 1, max: 64 }).map((gib) => gib * 1024);
    const distinct = fc.uniqueArray(memory, { minLength: 2, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(distinct, fc.boolean(), async (history, isFailed) => {
        plane = await aPlane();
        for (const size of history) await deploy(size);
        const before = history.at(-2);
        if (isFailed) {
          await setState('deployments', ({ state }) =>
            state === 'running' ? { state: 'failed' } : undefined,
          );
        }
        await wait(1);

        await rollback();
        await reconcile(plane.deps, 'app', direct);

        const inForce = await readInForce(plane.deps, 'app', direct);
        const [runner] = await plane.recording.rows('runners');
        const entry = JSON.parse(new TextDecoder().decode(runner?.['entry'] as Uint8Array));
        const earlier = (await plane.recording.rows('deployments')).at(-3);
        expect([inForce?.egg.config.resources.memoryMib, entry.memory_mib]).toEqual([before, before]);
        expect(inForce?.egg.machine_hash).toBe(earlier?.['machine_hash']);
        expect(runner?.['machine_hash']).toBe(earlier?.['machine_hash']);
      }),
      { numRuns: runs(100) },
    );
  }, 300_000);

  it('Feature: gitops-runner-orchestration, Property 24: a dry run of a rollback writes nothing', async () => {
    const to = fc.option(fc.constantFrom('-1', 'unknown', 'first', 'second'), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(to, fc.boolean(), fc.boolean(), async (asked, unpin, isPinned) => {
        plane = await aPlane();
        const commits = { first: await deploy(1024), second: await deploy(2048) };
        if (isPinned) await rollback();
        await reconcile(plane.deps, 'app', direct);
        const before = await plane.recording.everything();
        const named = asked === 'first' || asked === 'second' ? commits[asked] : asked;

        await rollback({ dryRun: true, unpin, ...(named === undefined ? {} : { to: named }) }).catch(
          () => undefined,
        );

        expect(await plane.recording.everything()).toEqual(before);
      }),
      { numRuns: runs(100) },
    );
  }, 300_000);
});
