import { createMemoryRunnerStart, type MemoryRunnerStart } from '@polar-gosling/ports/runner-start/memory';
import type { Tofu, TofuCheck, TofuOutcome, TofuPlan } from '@polar-gosling/ports/tofu';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyJob } from '../demand/apply-job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { readInForce } from '../rollback/in-force.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { noteCapacity } from './note-capacity.ts';
import { runShard } from './run-shard.ts';

let plane: ControlPlane;
let cloud: MemoryRunnerStart;
const container = { id: 'bba0', url: 'https://bba0.containers.yandexcloud.net/' };

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  cloud = createMemoryRunnerStart([container.id]);
  plane.model.projects.set(1, 'group/app');
  await install(plane, nestOf({ app: { concurrent: 2 } }));
  await wantRunner(1);
});

async function wantRunner(jobId: number): Promise<void> {
  const job = { serverProject: 'gitlab.com#1', jobId, name: 'b', ref: 'm', pipelineId: 1, tags: ['linux'] };
  await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
  await reconcile(plane.deps, 'app', direct);
}

/** OpenTofu of the model, with more to tell. */
function telling(more: {
  checks?: readonly TofuCheck[];
  isServerless?: boolean;
  shared?: string;
  /** Key of what is shared. */
  sharedKey?: string;
  failsWith?: 'fallback' | 'quota';
}): Tofu {
  const { tofu } = plane.deps;
  return {
    ...tofu,
    sharedAddresses: ['module.container'],
    async open(request, options) {
      const run = await tofu.open(request, options);
      const starts = [...request.wanted.entries.keys()].map((runnerId) => ({ runnerId, container }));
      return {
        ...run,
        async plan(signal): Promise<TofuPlan> {
          const plan = await run.plan(signal);
          const shared =
            more.shared === undefined
              ? []
              : [{ address: `module.container["${more.sharedKey ?? 'a'}"].x`, actions: [more.shared] }];
          return {
            ...plan,
            // Of those that the state has.
            ...(more.isServerless && {
              starts: starts.filter(({ runnerId }) =>
                plan.changes.some((one) => one.runnerId === runnerId && one.actions.includes('no-op')),
              ),
            }),
            changes: [...plan.changes, ...shared],
            ...(more.checks && { checks: more.checks }),
          };
        },
        async apply(signal): Promise<TofuOutcome> {
          if (more.failsWith !== undefined) {
            const nothing = { summary: 'none', detail: '', applied: [], removed: [] };
            return { kind: 'failed', class: more.failsWith, ...nothing };
          }
          const outcome = await run.apply(signal);
          if (outcome.kind !== 'ok') return outcome;
          return {
            ...outcome,
            ...(more.isServerless && { starts }),
            ...(more.checks && { checks: more.checks }),
          };
        },
      };
    },
  };
}

async function run(more: Parameters<typeof telling>[0] = {}): Promise<string> {
  const deps = { ...plane.deps, runnerStart: cloud.port, tofu: telling(more) };
  const outcome = runShard(deps, { egg: 'app', shard: 0 }, direct).catch(({ code }) => code);
  await plane.clock.advance(5_000);
  return outcome;
}

async function problems(): Promise<unknown> {
  return (await plane.recording.rows('egg_state'))[0]?.['problems'] ?? {};
}

describe('serverless runners that OpenTofu has recorded', () => {
  it('are started in their container with their one-time token', async () => {
    await run({ isServerless: true });

    const [machine] = plane.tofu.machines.values();
    expect(cloud.taken.map(({ container: id, body }) => [id, JSON.parse(body)])).toEqual([
      [
        'bba0',
        {
          runner_id: machine?.runnerId,
          egg_name: 'app',
          gosling_url: machine?.entry.gosling_url,
          bootstrap_token: machine?.entry.bootstrap_token,
        },
      ],
    ]);
  });

  it('are not started where a runner is a machine', async () => {
    await run();

    expect(cloud.taken).toEqual([]);
  });

  it('are started once, with a full life of their token, by the run after one that was killed', async () => {
    plane.tofu.nextApply = () => 'ended_after';
    await run({ isServerless: true });
    const before = cloud.taken.length;
    await plane.clock.advance(9 * 60_000);
    const from = plane.clock.now();

    await run({ isServerless: true });
    await run({ isServerless: true });

    expect(before).toBe(0);
    expect(cloud.taken).toHaveLength(1);
    expect(await plane.recording.rows('runners')).toMatchObject([{ state: 'booting', made: true }]);
    expect(await plane.recording.rows('runner_agents')).toMatchObject([{ bootstrap_from: from }]);
  });

  it('are not started again where an agent has logged in, whatever their rows say', async () => {
    plane.tofu.nextApply = () => 'ended_after';
    await run({ isServerless: true });
    const [runner] = await plane.recording.rows('runners');
    const key = { table: 'runner_agents', partition: String(runner?.['id']) } as const;
    const set = { boot_id: 'boot' };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);

    await run({ isServerless: true });

    expect(cloud.taken).toEqual([]);
    expect(await plane.recording.rows('runners')).toMatchObject([{ state: 'booting', made: true }]);
  });

  it('are started by the next run where others of their apply could not be made', async () => {
    const [row] = await plane.recording.rows('runners');
    const entry = JSON.parse(new TextDecoder().decode(row?.['entry'] as Uint8Array));
    const inYandex = {
      ...{ cloud_provider: 'yandex', type: 'serverless' },
      entry: new TextEncoder().encode(JSON.stringify({ ...entry, provider: 'yandex' })),
    };
    const key = { table: 'runners', partition: String(row?.['id']) } as const;
    await plane.deps.store.commit([{ kind: 'update', key, set: inYandex, when: { kind: 'any' } }], direct);
    plane.tofu.nextApply = () => 'fails_after';

    expect(await run({ isServerless: true })).toBe('TOFU_APPLY_FAILED');
    expect(cloud.taken).toEqual([]);
    await run({ isServerless: true });

    expect(cloud.taken).toHaveLength(1);
    expect(await plane.recording.rows('runners')).toMatchObject([{ state: 'booting', made: true }]);
  });

  it('are left to their deadline when the cloud refuses, and the run is written down', async () => {
    cloud.answer = 'refuses';

    expect(await run({ isServerless: true })).toBe('again');

    const [runner] = await plane.recording.rows('runners');
    expect(runner).toMatchObject({ state: 'booting', made: true });
  });
});

describe('what runners share', () => {
  it.each([
    ['create', 'again'],
    ['delete', 'again'],
    ['update', 'TOFU_PLAN_UNEXPECTED'],
  ])('may be planned to %s: %s', async (action, expected) => {
    expect(await run({ shared: action })).toBe(expected);
  });

  it.each([
    ['key', { container_key: 'container-app', machine_hash: 'h' }],
    ['machine hash, where it has no key', { machine_hash: 'container-app' }],
  ])('is not removed while a runner lives whose entry has its %s', async (_what, over) => {
    await run();
    const [row] = await plane.recording.rows('runners');
    const key = { table: 'runners', partition: String(row?.['id']) } as const;
    const [machine] = plane.tofu.machines.values();
    const set = { entry: new TextEncoder().encode(JSON.stringify({ ...machine?.entry, ...over })) };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);
    await wantRunner(2);

    expect(await run({ shared: 'delete', sharedKey: 'container-app' })).toBe('TOFU_PLAN_UNEXPECTED');
  });
});

describe('checks of what was made', () => {
  const bad = { name: 'network_0', status: 'fail', problems: ['Subnet x has no free address.'] } as const;
  const good = { name: 'network_0', status: 'pass', problems: [] } as const;

  it('stand in the plan’s row, and on the Egg until they hold again', async () => {
    await run({ checks: [bad] });
    const [plan] = await plane.recording.rows('deployment_plans');
    const shown = await problems();
    await wantRunner(2);
    await run({ checks: [good] });

    expect(plan).toMatchObject({
      status: 'applied',
      metadata: { run_id: expect.any(String), checks: [bad] },
    });
    expect(shown).toMatchObject({
      checks: {
        code: 'TOFU_CHECK_FAILED',
        detail: expect.stringContaining('network_0: Subnet x has no free address.'),
      },
    });
    expect(await problems()).not.toHaveProperty('checks');
  });

  it('are no reason to stop', async () => {
    expect(await run({ checks: [bad] })).toBe('again');
  });
});

describe('a lack of capacity', () => {
  async function withoutCapacity(): Promise<unknown> {
    return (await plane.recording.rows('egg_state'))[0]?.['without_capacity'] ?? 0;
  }

  it('is counted until machines are made again, other failures are not', async () => {
    await run({ failsWith: 'fallback' });
    await wantRunner(2);
    await run({ failsWith: 'quota' });
    const counted = await withoutCapacity();
    const egg = (await readInForce(plane.deps, 'app', direct))?.egg;
    if (egg === undefined) throw new Error('it is in force');
    await noteCapacity(plane.deps, { egg, outcome: { kind: 'ok', applied: [], removed: [] } }, direct);

    expect(counted).toBe(1);
    expect(await withoutCapacity()).toBe(0);
  });
});
