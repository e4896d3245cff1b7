import { tofuErrors, unpackBundle } from '@polar-gosling/ports/tofu';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyJob } from '../demand/apply-job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import type { ApplyFault } from '../testing/fake-tofu.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { runShard } from './run-shard.ts';

const noBytes = new Uint8Array();
let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  plane.model.projects.set(1, 'group/app');
  await install(plane, nestOf({ app: { concurrent: 3 } }));
});

async function wantRunner(jobId = 1): Promise<void> {
  const job = {
    serverProject: 'gitlab.com#1',
    jobId,
    name: 'build',
    ref: 'main',
    pipelineId: 1,
    tags: ['linux'],
  };
  await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
  await reconcile(plane.deps, 'app', direct);
}

/** One run of shard 0; the clock is let go on while it lasts. Answers the outcome, or the code it failed with. */
async function run(
  faults: { apply?: ApplyFault; plan?: 'fails'; signal?: AbortSignal } = {},
): Promise<string> {
  plane.tofu.nextApply = () => faults.apply ?? 'ok';
  plane.tofu.nextPlan = () => faults.plan ?? 'ok';
  const options = { ...direct, signal: faults.signal ?? direct.signal };
  const outcome = runShard(plane.deps, { egg: 'app', shard: 0 }, options).catch(
    ({ code, name }) => code ?? name,
  );
  await plane.clock.advance(5_000);
  return outcome;
}

async function runners(): Promise<string[]> {
  return (await plane.recording.rows('runners')).map((row) => `${row['state']} ${row['made']}`);
}

async function runStates(): Promise<unknown[]> {
  return (await plane.recording.rows('runs')).map((row) => row['state']);
}

/** Each plan's status, and why it is so. */
async function plans(): Promise<string[]> {
  const rows = await plane.recording.rows('deployment_plans');
  return rows.map(({ status, metadata }) => `${status}: ${Object(metadata)['why'] ?? ''}`);
}

async function runMembers(): Promise<unknown[]> {
  const members = await plane.recording.rows('egg_members');
  return members.map((row) => row['item']).filter((item) => String(item).startsWith('run#'));
}

async function endRunner(id: string): Promise<void> {
  const key = { table: 'runners', partition: id } as const;
  const set = { state: 'terminating' };
  await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
}

async function setRunner(set: object): Promise<void> {
  const [row] = await plane.recording.rows('runners');
  const key = { table: 'runners', partition: String(row?.['id']) } as const;
  await plane.deps.store.commit([{ kind: 'update', key, set: { ...set }, when: { kind: 'any' } }], direct);
}

describe('runShard', () => {
  it('makes the machine of a requested runner, and keeps plan, log and audit of it', async () => {
    await wantRunner();

    expect(await run()).toBe('again');

    expect(await runners()).toEqual(['booting true']);
    expect([...plane.tofu.machines.keys()]).toHaveLength(1);
    expect(await runStates()).toEqual(['settled']);
    expect(await runMembers()).toEqual([]);
    const [plan] = await plane.recording.rows('deployment_plans');
    expect(plan).toMatchObject({ status: 'applied', kind: 'deploy', summary: { add: 1 }, serial_after: 1 });
    const [row] = await plane.recording.rows('runs');
    expect(await plane.deps.blobs.read(String(row?.['log_ref']), direct)).toBeDefined();
    expect(await run()).toBe('idle');
  });

  it('keeps the bundle of a plan by its content, named by the plan and by the deployment it began', async () => {
    await wantRunner();
    await run();
    await wantRunner(2);
    await run();

    const plans = await plane.recording.rows('deployment_plans');
    const bundles = plans.map(({ bundle_ref: ref }) => String(ref));
    const read = async (ref: string) => unpackBundle((await plane.deps.blobs.read(ref, direct)) ?? noBytes);
    const ids = (await plane.recording.rows('runners')).map(({ id }) => id);
    expect(await read(bundles[0] ?? '')).toEqual(
      new Map([['runners.json', JSON.stringify(ids.slice(0, 1))]]),
    );
    expect(await read(bundles[1] ?? '')).toEqual(new Map([['runners.json', JSON.stringify(ids)]]));
    expect(await plane.recording.rows('deployments')).toMatchObject([{ bundle_ref: bundles[0] }]);
  });

  it('launches all the same where the bundle cannot be kept', async () => {
    await wantRunner();
    const write = () => Promise.reject(new Error('the disk is full'));
    const deps = { ...plane.deps, blobs: { ...plane.deps.blobs, write } };

    const outcome = runShard(deps, { egg: 'app', shard: 0 }, direct);
    await plane.clock.advance(5_000);

    expect(await outcome).toBe('again');
    expect(await runners()).toEqual(['booting true']);
    const [plan] = await plane.recording.rows('deployment_plans');
    expect(plan?.['bundle_ref']).toBeUndefined();
  });

  it('calls launches a deploy until one is applied, later ones a scale, and removals a destroy', async () => {
    await wantRunner();
    await run({ apply: 'fails_before' });
    await plane.clock.advance(5 * 60_000);
    await reconcile(plane.deps, 'app', direct);
    await run();
    await wantRunner(2);
    await run();
    for (const row of await plane.recording.rows('runners')) await endRunner(String(row['id']));
    await run();

    const kinds = (await plane.recording.rows('deployment_plans')).map(({ kind, status }) => [kind, status]);
    expect(kinds).toEqual([
      ['deploy', 'failed'],
      ['deploy', 'applied'],
      ['scale', 'applied'],
      ['destroy', 'applied'],
    ]);
  });

  it('starts the ten minutes of the one-time token with the apply', async () => {
    await wantRunner();
    await plane.clock.advance(60_000);
    const from = plane.clock.now();
    await run();

    expect(await plane.recording.rows('runner_agents')).toMatchObject([{ bootstrap_from: from }]);
  });

  it('closes a runner whose create failed without a machine, counts it, and shows why', async () => {
    await wantRunner();

    expect(await run({ apply: 'fails_before' })).toBe('TOFU_APPLY_FAILED');

    expect(await runners()).toEqual(['terminated false']);
    expect(await plane.recording.rows('egg_state')).toMatchObject([
      { failures: 1, problems: { tofu: { code: 'TOFU_APPLY_FAILED' } } },
    ]);
    expect(await runMembers()).toEqual([]);
  });

  it('sends a half-made runner through a delete of its own', async () => {
    await wantRunner();

    expect(await run({ apply: 'half' })).toBe('TOFU_APPLY_FAILED');
    expect(await runners()).toEqual(['failed true']);
    expect(await run()).toBe('later');

    await reconcile(plane.deps, 'app', direct);
    expect((await runners())[0]).toBe('terminating true');
    for (let turn = 0; turn < 3; turn++) await run();
    expect(await runners()).toEqual(['terminated true', 'requested false']);
    expect((await plane.recording.rows('runners'))[1]).toMatchObject({ shard: 1 });
    expect(plane.tofu.states.get('app#0')?.size).toBe(0);
    expect(plane.tofu.violations).toEqual([]);
  });

  it.each(['ended_before', 'ended_after', 'killed'] as const)(
    'leaves a run that was %s to the next holder',
    async (apply) => {
      await wantRunner();

      expect(await run({ apply })).toBe('later');
      expect(await runStates()).toEqual(['unknown']);
      const ended = expect.stringMatching(/^failed: its apply was ended \((hard end|killed)\)/);
      expect(await plans()).toEqual([ended]);

      await run();
      await run();
      expect(await runners()).toEqual(['booting true']);
      expect(await runStates()).toEqual(expect.arrayContaining(['settled']));
      expect(await runMembers()).toEqual([]);
      expect(plane.tofu.machines.size).toBe(1);
    },
  );

  it('leaves a run that was interrupted as it is, without a problem shown, for the next holder to settle', async () => {
    await wantRunner();
    const stop = new AbortController();
    plane.tofu.nextApply = () => 'ok';
    const ended = runShard(plane.deps, { egg: 'app', shard: 0 }, { ...direct, signal: stop.signal });
    const failed = expect(ended).rejects.toThrow();
    await plane.clock.advance(1_000);
    stop.abort();
    await plane.clock.advance(0);
    await failed;

    expect(await runStates()).toEqual(['applying']);
    expect((await plane.recording.rows('egg_state'))[0]).not.toHaveProperty('problems');
    await run();
    expect(await runStates()).toEqual(['settled', 'settled']);
    expect(await runners()).toEqual(['booting true']);
    expect(await plans()).toContainEqual(expect.stringMatching(/^failed: its holder is gone/));
    expect(await plans()).not.toContainEqual(expect.stringContaining('applying'));
  });

  it('closes the plan of an apply after which the state could not be read', async () => {
    await wantRunner();
    plane.tofu.nextApply = () => 'fails_before';
    const { tofu } = plane.deps;
    const stateList = async () =>
      Promise.reject(tofuErrors.locked({ path: 'web', who: 'somebody', since: 'now' }));
    const open: typeof tofu.open = async (request, given) => ({
      ...(await tofu.open(request, given)),
      stateList,
    });
    const deps = { ...plane.deps, tofu: { ...tofu, open } };
    const outcome = runShard(deps, { egg: 'app', shard: 0 }, direct).catch(({ code }) => code);
    await plane.clock.advance(5_000);

    expect(await outcome).toBe('TOFU_LOCKED');
    expect(await runStates()).toEqual(['settled']);
    expect(await plans()).toEqual([expect.stringMatching(/^failed: .*locked by somebody/)]);
  });

  it('waits where an earlier run may still be alive', async () => {
    await wantRunner();
    await run({ apply: 'ended_before' });
    const alive = { ...plane.deps, tofu: { ...plane.deps.tofu, settle: async () => 'alive' as const } };

    expect(await runShard(alive, { egg: 'app', shard: 0 }, direct)).toBe('later');
    expect(await runStates()).toEqual(['unknown']);
  });

  it('applies nothing of a plan that holds a change which must not be', async () => {
    await wantRunner();
    await run();
    await setRunner({ state: 'idle' });
    await wantRunner(2);
    await wantRunner(3);
    plane.tofu.states.get('app#0')?.set('of-somebody-else', true);

    expect(await run()).toBe('TOFU_PLAN_UNEXPECTED');

    expect(plane.tofu.applied).toEqual(['create 1']);
    const audit = await plane.recording.rows('audit_logs');
    expect(audit).toContainEqual(
      expect.objectContaining({ action: 'TOFU_PLAN_UNEXPECTED', resource_type: 'run' }),
    );
    expect(await runStates()).toEqual(['settled', 'settled']);
  });

  it('launches in another shard what a refused one was to make, and audits its plan once', async () => {
    plane.tofu.states.set('app#0', new Map([['of-somebody-else', true]]));
    await wantRunner();
    const refusals = async () =>
      (await plane.recording.rows('audit_logs')).filter((row) => row['action'] === 'TOFU_PLAN_UNEXPECTED');

    expect(await run()).toBe('TOFU_PLAN_UNEXPECTED');
    expect(await runners()).toEqual(['terminated false']);
    await reconcile(plane.deps, 'app', direct);

    const [, again] = await plane.recording.rows('runners');
    expect(again).toMatchObject({ state: 'requested', shard: 1 });
    expect(await plane.recording.rows('egg_state')).toMatchObject([
      {
        problems: {
          'refused 0': { code: 'TOFU_PLAN_UNEXPECTED', detail: expect.stringContaining('of-somebody-else') },
        },
      },
    ]);
    const key = { table: 'runners', partition: String(again?.['id']) } as const;
    await plane.deps.store.commit(
      [{ kind: 'update', key, set: { shard: 0 }, when: { kind: 'any' } }],
      direct,
    );
    expect(await run()).toBe('TOFU_PLAN_UNEXPECTED');
    expect(await refusals()).toHaveLength(1);
    expect(await plans()).toEqual([expect.stringMatching(/^discarded: .*of-somebody-else/)]);
  });

  it('shows a refused shard until its state is mended, and a failed run until another shard succeeds', async () => {
    const problems = async () =>
      Object.keys(Object((await plane.recording.rows('egg_state'))[0]?.['problems']));
    plane.tofu.states.set('app#0', new Map([['of-somebody-else', true]]));
    await wantRunner();
    await run();
    await reconcile(plane.deps, 'app', direct);
    const inShard = async (shard: number, apply: ApplyFault) => {
      plane.tofu.nextApply = () => apply;
      const outcome = runShard(plane.deps, { egg: 'app', shard }, direct).catch(({ code }) => code);
      await plane.clock.advance(5_000);
      return outcome;
    };
    expect(await inShard(1, 'fails_before')).toBe('TOFU_APPLY_FAILED');
    expect(await problems()).toEqual(['refused 0', 'tofu']);

    plane.tofu.states.get('app#0')?.clear();
    await plane.clock.advance(16 * 60_000);
    await reconcile(plane.deps, 'app', direct);
    expect(await inShard(0, 'ok')).toBe('again');

    expect(await problems()).toEqual([]);
  });

  it('leaves no request behind in a shard whose removals are refused', async () => {
    await wantRunner();
    await run();
    await setRunner({ state: 'terminating' });
    await wantRunner(2);
    plane.tofu.states.get('app#0')?.set('of-somebody-else', true);
    await plane.clock.advance(11 * 60_000);

    expect(await run()).toBe('TOFU_PLAN_UNEXPECTED');

    const [removed, ...requested] = await runners();
    expect(removed).toBe('terminating true');
    expect(new Set(requested)).toEqual(new Set(['terminated false']));
  });

  it('does not open one shard after the other where each is refused', async () => {
    for (let shard = 0; shard < 9; shard++)
      plane.tofu.states.set(`app#${shard}`, new Map([['foreign', true]]));
    plane.start();
    addJob(plane.model, { projectId: 1 });
    await plane.run(3 * 60_000);
    await plane.stop();

    const shards = new Set((await plane.recording.rows('runners')).map((row) => row['shard']));
    expect([...shards]).toEqual([0, 1, 2]);
    expect(plane.tofu.applied).toEqual([]);
  });

  it('plans what is refused everywhere a few times an hour, and launches soon after that is over', async () => {
    const shards = [0, 1, 2].map((shard) => `app#${shard}`);
    for (const shard of shards) plane.tofu.states.set(shard, new Map([['foreign', true]]));
    plane.start();
    const job = addJob(plane.model, { projectId: 1, lastsMs: 5_000 });
    await plane.run(12 * 60 * 60_000, 5_000);
    const refused = (await runStates()).length;
    for (const shard of shards) plane.tofu.states.get(shard)?.clear();
    const servedAfterMs = await plane.runUntil(() => job.status === 'success', 60 * 60_000);
    await plane.stop();

    expect(refused).toBeGreaterThan(12 * 4);
    expect(refused).toBeLessThan(3 * 12 * 4 + 20);
    expect(servedAfterMs).toBeLessThan(16 * 60_000);
  }, 60_000);

  it('begins nothing while the Egg is frozen, also when it is frozen during the plan', async () => {
    await wantRunner();
    const freeze = (on: boolean) =>
      plane
        .engine()
        .commands.setFreeze(
          { tokenId: 't', name: 'me', role: 'admin' },
          { egg: 'app', on, why: 'x' },
          direct,
        );
    await freeze(true);
    expect(await run()).toBe('idle');
    expect(await runStates()).toEqual([]);

    await freeze(false);
    const { tofu } = plane.deps;
    const open: typeof tofu.open = async (request, options) => {
      const opened = await tofu.open(request, options);
      return { ...opened, plan: async (inner) => freeze(true).then(() => opened.plan(inner)) };
    };
    expect(await runShard({ ...plane.deps, tofu: { ...tofu, open } }, { egg: 'app', shard: 0 }, direct)).toBe(
      'idle',
    );

    expect(plane.tofu.applied).toEqual([]);
    expect(await runners()).toEqual(['requested false']);
    expect(await runStates()).toEqual(['settled']);
    expect(await plans()).toEqual(['discarded: the Egg was frozen while it was planned']);
    await freeze(false);
    const wakes = (await plane.recording.rows('outbox')).filter((row) => row['merge_key'] === 'run app#0');
    expect(wakes.length).toBeGreaterThan(0);
    expect(await run()).toBe('again');
  });

  it.each([
    ['retryable', 0],
    ['quota', 0],
    ['fatal', 1],
  ] as const)('a create that failed as %s counts %i times against the deployment', async (kind, count) => {
    plane.tofu.failureClass = kind;
    await wantRunner();

    await run({ apply: 'fails_before' });

    expect(await plane.recording.rows('deployments')).toMatchObject([
      { state: 'running', boots_failed: count },
    ]);
    expect(await plane.recording.rows('egg_state')).toMatchObject([{ failures: 1 }]);
  });

  it('lets a living runner be that the state has lost, and goes on with the others', async () => {
    await wantRunner();
    await run();
    await setRunner({ state: 'idle' });
    plane.tofu.states.get('app#0')?.clear();
    await wantRunner(2);
    await wantRunner(3);

    expect(await run()).toBe('again');
    expect(await run()).toBe('again');

    expect((await runners()).slice(0, 2)).toEqual(['idle true', 'booting true']);
    expect(plane.tofu.machines.size).toBeGreaterThan(1);
    expect(await plane.recording.rows('audit_logs')).toContainEqual(
      expect.objectContaining({ action: 'vanished' }),
    );
    expect(plane.tofu.violations).toEqual([]);
    await setRunner({ state: 'terminating' });
    await run();
    await run();
    expect((await runners())[0]).toBe('terminated true');
    expect(plane.tofu.machines.size).toBe(plane.tofu.states.get('app#0')?.size);
  });

  it('waits with a removal until the agent says that it is done', async () => {
    await wantRunner();
    await run();
    await setRunner({ state: 'terminating' });
    const [id] = plane.tofu.machines.keys();
    const key = { table: 'runner_agents', partition: String(id) } as const;
    const set = { boot_id: 'b', last_heartbeat: plane.clock.now(), reported_state: 'active' };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);

    expect(await run()).toBe('later');
    expect(plane.tofu.machines.size).toBe(1);
    const drained = { reported_state: 'drained', current_jobs: [] };
    await plane.deps.store.commit([{ kind: 'update', key, set: drained, when: { kind: 'present' } }], direct);
    expect(await run()).toBe('again');
    expect(plane.tofu.machines.size).toBe(0);
  });

  it('shows a plan that failed until one succeeds', async () => {
    await wantRunner();

    expect(await run({ plan: 'fails' })).toBe('TOFU_PLAN_FAILED');
    expect(await plane.recording.rows('egg_state')).toMatchObject([
      { problems: { tofu: { code: 'TOFU_PLAN_FAILED' } } },
    ]);
    expect(await runners()).toEqual(['requested false']);

    expect(await run()).toBe('again');
    expect((await plane.recording.rows('egg_state'))[0]?.['problems']).toEqual({});
  });

  it('keeps what OpenTofu tells with the run, and tells each state of it', async () => {
    await wantRunner();
    plane.tofu.tells = [{ kind: 'stage', message: 'Plan: 1 to add' }];
    const stop = new AbortController();
    const states: unknown[] = [];
    const watched = (async () => {
      for await (const event of plane.deps.events.watch(() => true, plane.deps, stop))
        states.push(event?.state);
    })();

    await run();
    stop.abort();
    await watched;

    expect(await plane.recording.rows('runs')).toMatchObject([
      { progress: [{ kind: 'stage', message: 'Plan: 1 to add' }], progress_count: 1 },
    ]);
    expect(states.filter((state) => state !== undefined)).toEqual([
      ...['planning', 'planned', 'applying', 'applied', 'settled'],
    ]);
  });

  it('shows that providers could not be had, and leaves no run open', async () => {
    await wantRunner();
    plane.tofu.nextOpen = () => 'fails';

    expect(await run()).toBe('TOFU_PROVIDERS');

    expect(await plane.recording.rows('egg_state')).toMatchObject([
      { problems: { tofu: { code: 'TOFU_PROVIDERS' } } },
    ]);
    expect(await runStates()).toEqual(['settled']);
    expect(await runMembers()).toEqual([]);
    plane.tofu.nextOpen = () => 'ok';
    expect(await run()).toBe('again');
    expect((await plane.recording.rows('egg_state'))[0]?.['problems']).toEqual({});
  });

  it('deletes what an apply may have made before its runner ran out of time', async () => {
    await wantRunner();
    await run({ apply: 'ended_after' });
    await plane.clock.advance(26 * 60_000);
    await reconcile(plane.deps, 'app', direct);
    expect((await runners())[0]).toBe('terminating true');

    for (let turn = 0; turn < 4; turn++) await run();

    expect((await runners())[0]).toBe('terminated true');
    expect(plane.tofu.states.get('app#0')?.size).toBe(plane.tofu.machines.size);
    expect(await plane.recording.rows('audit_logs')).not.toContainEqual(
      expect.objectContaining({ action: 'TOFU_PLAN_UNEXPECTED' }),
    );
  });

  it('is busy while another process holds the shard', async () => {
    await wantRunner();
    const first = runShard(plane.deps, { egg: 'app', shard: 0 }, direct);
    await plane.clock.advance(500);
    const deps = { ...plane.deps, watch: new Map(), settings: { ...plane.deps.settings, holder: 'p2' } };

    expect(await runShard(deps, { egg: 'app', shard: 0 }, direct)).toBe('busy');
    await plane.clock.advance(5_000);
    expect(await first).toBe('again');
  });
});
