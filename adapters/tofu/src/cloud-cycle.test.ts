import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkTofuPlan } from '@polar-gosling/domain';
import type { RunnerEntry, Tofu, TofuPlan, TofuWanted } from '@polar-gosling/ports/tofu';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  aCloudEgg,
  aCloudEntry,
  type Cloud,
  cloudAnswers,
  compute,
  findSnapshotMirror,
  noSnapshotReason,
  regionOf,
  schemaPath,
} from './cloud-bench.ts';
import { bring, createBench, findTestTofu, openRun } from './test-bench.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 });
const program = findTestTofu() ?? '';
let mirror = '';
beforeAll(() => {
  mirror = findSnapshotMirror() ?? '';
});

/** OpenTofu behind our port, with a provider that has the cloud's schema and answers what is given. */
function open(provider: Cloud, values: Record<string, string | number> = {}) {
  const bench = createBench(program);
  mkdirSync(bench.dataDir, { recursive: true });
  symlinkSync(mirror, join(bench.dataDir, 'providers'));
  const env = {
    SNAPSHOT_SCHEMA: schemaPath(provider),
    SNAPSHOT_VALUES: JSON.stringify({ ...cloudAnswers, ...values }),
  };
  const reopen = (more: Record<string, string> = {}) =>
    bench.reopen({
      cloudEnvironment: async (asked: Cloud) => (asked === provider ? { ...env, ...more } : undefined),
    });
  return { bench, tofu: reopen(), reopen, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

function wantsIn(provider: Cloud, entries: readonly RunnerEntry[]): TofuWanted {
  const texts = entries.map((entry) => [entry.runner_id, JSON.stringify(entry)] as const);
  return { egg: 'web', shard: 0, provider, region: regionOf(provider), entries: new Map(texts) };
}

describe('a runner in a cloud, from plan to removal', () => {
  beforeEach(({ skip }) => skip(mirror === '', noSnapshotReason));

  it('is made and removed, with one address whatever it is made of', async () => {
    await using at = open('aws');
    const wanted = wantsIn('aws', [
      aCloudEntry(aCloudEgg('aws'), 'vm', { id: 'r1' }),
      aCloudEntry(aCloudEgg('aws'), 'serverless', { id: 'r2' }),
    ]);
    const [first, second] = [at.tofu.addressOf('r1'), at.tofu.addressOf('r2')];

    const made = await bring(at.tofu, wanted);
    const again = await bring(at.tofu, wanted);
    const removed = await bring(at.tofu, wantsIn('aws', []));

    expect(made.plan.changes).toEqual([
      { address: first, runnerId: 'r1', actions: ['create'] },
      { address: second, runnerId: 'r2', actions: ['create'] },
    ]);
    expect(made.outcome).toMatchObject({ kind: 'ok', removed: [] });
    expect(made.outcome?.kind === 'ok' && made.outcome.applied.toSorted()).toEqual([first, second]);
    expect(again.plan.hasChanges).toBe(false);
    expect(removed.outcome?.kind === 'ok' && removed.outcome.removed.toSorted()).toEqual([first, second]);
  });

  it('tells which container is to be invoked for each serverless runner, and shares it', async () => {
    await using at = open('yandex');
    const entries = ['r1', 'r2'].map((id) => aCloudEntry(aCloudEgg('yandex'), 'serverless', { id }));

    const { plan, outcome } = await bring(at.tofu, wantsIn('yandex', entries));

    const container = { id: 'yandex-serverless-container-1', url: 'yandex-serverless-container-1' };
    expect(outcome).toMatchObject({
      kind: 'ok',
      starts: [
        { runnerId: 'r1', container },
        { runnerId: 'r2', container },
      ],
    });
    const made = plan.changes.filter(({ actions }) => actions.includes('create'));
    const shared = made.filter(({ runnerId }) => runnerId === undefined).map(({ address }) => address);
    expect(shared).toEqual([expect.stringContaining(`module.container["${entries[0]?.container_key}"]`)]);
    expect(at.tofu.sharedAddresses).toEqual(['module.container']);
  });

  it('tells it again of those that are recorded, also in a plan that makes others', async () => {
    await using at = open('yandex');
    const entries = ['r1', 'r2', 'r3'].map((id) => aCloudEntry(aCloudEgg('yandex'), 'serverless', { id }));
    const first = await bring(at.tofu, wantsIn('yandex', entries.slice(0, 2)));

    const { plan } = await bring(at.tofu, wantsIn('yandex', entries));

    expect(first.plan.starts).toEqual([]);
    expect(first.outcome).toMatchObject({ kind: 'ok' });
    expect(plan.starts).toEqual(first.outcome?.kind === 'ok' && first.outcome.starts);
    expect(plan.starts).toHaveLength(2);
    expect(JSON.stringify(plan.redacted)).not.toContain('yandex-serverless-container-1');
  });

  it('keeps the container of living runners when another image comes, until the last of them goes', async () => {
    await using at = open('yandex');
    const egg = aCloudEgg('yandex');
    const { container_key: _, ...ofBefore } = aCloudEntry(egg, 'serverless', { id: 'r1' });
    const former = aCloudEntry(egg, 'serverless', { id: 'r2' });
    const imaged = { ...egg, cloud: { ...egg.cloud, image: 'cr.yandex/crp0/gosling:2' } };
    const renewed = aCloudEntry(imaged, 'serverless', { id: 'r3' });
    const sharedIn = ({ changes }: TofuPlan) =>
      changes
        .filter(({ runnerId }) => runnerId === undefined)
        .map(({ address, actions }) => [address, ...actions]);
    const addressIn = (key = '') => `module.container["${key}"].yandex_serverless_container.runner`;

    const old = await bring(at.tofu, wantsIn('yandex', [ofBefore]));
    const both = await bring(at.tofu, wantsIn('yandex', [ofBefore, former]));
    const three = await bring(at.tofu, wantsIn('yandex', [ofBefore, former, renewed]));
    const last = await bring(at.tofu, wantsIn('yandex', [renewed]));

    expect(sharedIn(old.plan)).toEqual([[addressIn(ofBefore.machine_hash), 'create']]);
    expect(sharedIn(both.plan)).toEqual([
      [addressIn(former.container_key), 'create'],
      [addressIn(ofBefore.machine_hash), 'no-op'],
    ]);
    expect(sharedIn(three.plan)).toContainEqual([addressIn(renewed.container_key), 'create']);
    expect(three.outcome).toMatchObject({
      kind: 'ok',
      starts: ['r1', 'r2', 'r3'].map((id) => ({ runnerId: id })),
    });
    expect(sharedIn(last.plan)).toEqual([
      [addressIn(former.container_key), 'delete'],
      [addressIn(renewed.container_key), 'no-op'],
      [addressIn(ofBefore.machine_hash), 'delete'],
    ]);
  });

  it.each([
    ['aws', 'aws_ssm_parameter'],
    ['yandex', 'yandex_compute_image'],
  ] as const)(
    'on %s is removed though its %s was withdrawn, and holds up no other',
    async (provider, source) => {
      await using at = open(provider);
      const [r1, r2, own] = ['r1', 'r2', 'own'].map((id) => aCloudEntry(aCloudEgg(provider), 'vm', { id }));
      if (!r1 || !r2 || !own) throw new Error('there are three');
      const imaged = { ...own, image: { aws: 'ami-0own', yandex: 'fd80own' }[provider] };
      await bring(at.tofu, wantsIn(provider, [r1, r2]));
      const withdrawn = at.reopen({ SNAPSHOT_REFUSED: source });
      const wanting = (entries: readonly RunnerEntry[], ...living: string[]) => ({
        ...wantsIn(provider, entries),
        living: new Set(living),
      });

      const another = await bring(withdrawn, wanting([r1, r2, imaged], 'r1', 'r2'));
      const fewer = await bring(withdrawn, wanting([r1, imaged], 'r1', 'own'));

      const changes = another.plan.changes.map(({ runnerId, actions }) => [runnerId, ...actions]);
      expect(changes).toEqual([
        ['own', 'create'],
        ['r1', 'no-op'],
        ['r2', 'no-op'],
      ]);
      expect(fewer.outcome).toMatchObject({ kind: 'ok', removed: [at.tofu.addressOf('r2')] });
      const asNew = bring(withdrawn, wanting([r1, r2, imaged], 'r1', 'own'));
      await expect(asNew).rejects.toMatchObject({ code: 'TOFU_PLAN_FAILED', message: /was not found/ });
    },
  );

  it('says what the checks found, before and after the apply', async () => {
    await using at = open('aws', {
      'aws_instance.instance_state': 'pending',
      'data.aws_subnet.available_ip_address_count': 0,
    });

    const { plan, outcome } = await bring(at.tofu, wantsIn('aws', [aCloudEntry(aCloudEgg('aws'), 'vm')]));

    const network = {
      name: 'network_0',
      status: 'fail',
      problems: [expect.stringContaining('has no free address')],
    };
    expect(plan.checks).toEqual([
      { name: 'entries_are_keyed_by_runner_id', status: 'pass', problems: [] },
      { name: 'machines_are_running', status: 'unknown', problems: [] },
      network,
    ]);
    expect(outcome).toMatchObject({
      kind: 'ok',
      checks: [
        { name: 'entries_are_keyed_by_runner_id', status: 'pass', problems: [] },
        { name: 'machines_are_running', status: 'fail', problems: ['Not running: r1.'] },
        network,
      ],
    });
  });

  it('looks at the roles of a serverless runner as at those of a machine', async () => {
    const { role = '', executionRole = '' } = compute.aws ?? {};
    await using aws = open('aws', { 'data.aws_iam_role.arn': role });
    await using yandex = open('yandex', { 'data.yandex_iam_service_account.name': '' });
    const rolesOf = async (tofu: Tofu, provider: Cloud) => {
      const entry = aCloudEntry(aCloudEgg(provider), 'serverless');
      const { plan } = await bring(tofu, wantsIn(provider, [entry]));
      const found = plan.checks?.filter(({ name }) => /role/.test(name));
      return found?.map(({ name, status, problems }) => [name, status, ...problems]);
    };

    const [ofTask, ofContainer] = [await rolesOf(aws.tofu, 'aws'), await rolesOf(yandex.tofu, 'yandex')];

    expect(ofTask).toEqual([
      ['task_role_0', 'fail', `Role ${executionRole} is another one than the task names.`],
      ['task_role_1', 'pass'],
    ]);
    expect(ofContainer).toEqual([
      ['role_0', 'fail', 'Service account aje0 cannot be seen.'],
      ['role_1', 'fail', 'Service account aje1 cannot be seen.'],
    ]);
  });

  it.each(['aws', 'yandex'] as const)(
    'checks nothing of a serverless runner on %s that only says what we set',
    async (provider) => {
      await using at = open(provider, {
        'aws_instance.instance_state': 'stopped',
        'yandex_compute_instance.status': 'STOPPED',
      });
      const egg = aCloudEgg(provider);
      const [vm, task] = (['vm', 'serverless'] as const).map((type) => aCloudEntry(egg, type, { id: type }));
      const running = async (entries: readonly (RunnerEntry | undefined)[]) => {
        const { outcome } = await bring(
          at.tofu,
          wantsIn(
            provider,
            entries.filter((one) => one !== undefined),
          ),
        );
        const checks = outcome?.kind === 'ok' ? (outcome.checks ?? []) : [];
        return checks.filter(({ name }) => name === 'machines_are_running');
      };

      const alone = await running([task]);
      const beside = await running([task, vm]);

      expect(alone).toEqual([]);
      expect(beside).toMatchObject([{ status: 'fail', problems: ['Not running: vm.'] }]);
    },
  );

  it('tells the state of a container that is there already, once, and removes it with its runner', async () => {
    await using at = open('yandex');
    const entry = aCloudEntry(aCloudEgg('yandex'), 'serverless', { id: 'r1' });
    const address = `module.container["${entry.container_key}"].yandex_serverless_container.runner`;
    const resources = [{ type: 'yandex_serverless_container', id: 'bba0' }];
    const stray = { runnerId: 'r1', egg: 'web', state: 'running', resources } as const;
    const adopt = async () => {
      const { run } = await openRun(at.tofu, wantsIn('yandex', [entry]));
      await run.adopt?.([stray], { signal: new AbortController().signal });
      await run.dispose();
    };

    await adopt();
    await adopt();
    const { plan, outcome } = await bring(at.tofu, wantsIn('yandex', []));

    expect(plan.changes).toEqual([{ address, actions: ['delete'] }]);
    expect(outcome).toMatchObject({ kind: 'ok' });
  });

  it('tells the state of a task whose service was never made, and removes it with its runner', async () => {
    await using at = open('aws');
    const entry = aCloudEntry(aCloudEgg('aws'), 'serverless', { id: 'r1' });
    const type = 'aws_ecs_task_definition';
    const stray = {
      runnerId: 'r1',
      egg: 'web',
      state: 'gone',
      resources: [{ type, id: 'arn@eu-central-1' }],
    } as const;
    const { run } = await openRun(at.tofu, wantsIn('aws', [entry]));
    await run.adopt?.([stray], { signal: new AbortController().signal });
    await run.dispose();

    const { plan, outcome } = await bring(at.tofu, wantsIn('aws', []));

    const [address, row] = [at.tofu.addressOf('r1'), { state: 'terminating', made: true } as const];
    expect(plan.changes).toEqual([{ address, runnerId: 'r1', actions: ['delete'] }]);
    const guarded = { changes: plan.changes, rows: [{ ...row, address }], helpers: [] };
    expect(checkTofuPlan(guarded)).toMatchObject({ kind: 'ok' });
    expect(outcome).toMatchObject({ kind: 'ok', removed: [address] });
  });

  it('makes anew a container that was made by half, in a plan that the guard lets pass', async () => {
    await using at = open('yandex');
    const [first, second] = ['r1', 'r2'].map((id) => aCloudEntry(aCloudEgg('yandex'), 'serverless', { id }));
    if (!first || !second) throw new Error('there are two');
    const half = at.reopen({ SNAPSHOT_HALF: 'yandex_serverless_container' });
    const address = `module.container["${first.container_key}"].yandex_serverless_container.runner`;

    const broken = await bring(half, wantsIn('yandex', [first]));
    const { plan, outcome } = await bring(at.tofu, wantsIn('yandex', [second]));

    expect(broken.outcome).toMatchObject({ kind: 'failed', class: 'retryable', applied: [] });
    expect(plan.changes).toContainEqual({ address, actions: ['delete', 'create'] });
    const row = { address: at.tofu.addressOf('r2'), state: 'requested', made: false } as const;
    const rows = [{ ...row, sharedKey: second.container_key ?? '' }];
    const helpers = at.tofu.sharedAddresses ?? [];
    expect(checkTofuPlan({ changes: plan.changes, rows, helpers })).toMatchObject({ kind: 'ok' });
    expect(outcome).toMatchObject({ kind: 'ok', starts: [{ runnerId: 'r2' }] });
  });

  it('keeps the one-time token out of stored plan, events and log', async () => {
    await using at = open('aws');
    const entries = [
      aCloudEntry(aCloudEgg('aws'), 'vm', { id: 'r1' }),
      aCloudEntry(aCloudEgg('aws'), 'serverless', { id: 'r2' }),
    ];

    const { plan, events, log } = await bring(at.tofu, wantsIn('aws', entries));

    expect(`${JSON.stringify(plan.redacted)}${JSON.stringify(events)}${log}`).not.toMatch(/bt-r[12]/);
  });

  it('is refused where the installation was set up without that cloud', async () => {
    await using bench = createBench(program);

    const opened = openRun(bench.tofu, wantsIn('aws', [aCloudEntry(aCloudEgg('aws'), 'vm')]));

    await expect(opened).rejects.toMatchObject({
      code: 'TOFU_PLAN_FAILED',
      message: /set up without that cloud/,
    });
  });
});
