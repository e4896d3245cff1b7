import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTofuPlan } from '@polar-gosling/domain';
import type { PlanChange } from '@polar-gosling/ports/tofu';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addressOf } from './addresses.ts';
import { computeDirectory } from './compute-module.ts';
import { readStartTime } from './process-identity.ts';
import {
  anEntry,
  bring,
  createBench,
  findTestTofu,
  listNames,
  never,
  noTofuReason,
  openRun,
  wants,
} from './test-bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const program = findTestTofu();

describe('a runner of the local provider, from plan to removal', () => {
  beforeEach(({ skip }) => skip(program === undefined, noTofuReason));

  it('starts an agent in its own session that has only the listed environment', async () => {
    await using bench = createBench(program ?? '', {
      agentEnv: { TZ: 'Europe/Berlin', AWS_SECRET_ACCESS_KEY: 'canary', NODE_OPTIONS: '--no-warnings' },
    });
    const wanted = wants([anEntry({ runner_id: 'r1' })]);

    const { plan, outcome } = await bring(bench.tofu, wanted);
    const seen = await bench.seen('r1');

    const dir = join(bench.dataDir, 'local-runners', 'r1');
    expect(plan.changes).toEqual([
      { address: bench.tofu.addressOf('r1'), runnerId: 'r1', actions: ['create'] },
    ]);
    expect(plan.summary).toEqual({ add: 1, change: 0, destroy: 0 });
    expect(outcome).toMatchObject({
      kind: 'ok',
      serial: expect.any(Number),
      applied: [bench.tofu.addressOf('r1')],
      removed: [],
    });
    expect(seen.argv).toEqual(['runner', '--runner-id', 'r1', '--egg-name', 'web']);
    expect(seen.cwd).toBe(dir);
    const { GOSLING_JOB_USER: _, ...env } = seen.env;
    expect(env).toEqual({
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      TZ: 'Europe/Berlin',
      HOME: dir,
      TMPDIR: join(dir, 'tmp'),
      GOSLING_URL: 'http://127.0.0.1:8080',
      GOSLING_BOOTSTRAP_TOKEN_FILE: join(dir, 'bootstrap-token'),
    });
    expect(seen.env['GOSLING_JOB_USER']).toBe(process.getuid?.() === 0 ? 'gosling-job' : undefined);
    expect(readFileSync(join(dir, 'bootstrap-token'), 'utf8')).toBe('bt-r1');
    expect(modeOf(dir)).toBe(0o700);
    expect(modeOf(join(dir, 'bootstrap-token'))).toBe(0o600);
    expect(modeOf(join(dir, 'agent.log'))).toBe(0o600);
    const record = bench.record('r1');
    expect(record).toMatchObject({ runner_id: 'r1', egg: 'web', boot_id: bench.tofu.host.bootId });
    expect(readStartTime(record.pid)).toBe(record.start_time);
    expect(sessionOf(record.pid)).toBe(record.pid);
  });

  it('plans nothing the second time', async () => {
    await using bench = createBench(program ?? '');
    const wanted = wants([anEntry({ runner_id: 'r1' })]);
    await bring(bench.tofu, wanted);

    const { plan, outcome } = await bring(bench.tofu, wanted);

    expect(plan).toMatchObject({ hasChanges: false, serial: expect.any(Number) });
    expect(outcome).toBeUndefined();
  });

  it('removes one machine when its entry goes, and the process with it', async () => {
    await using bench = createBench(program ?? '');
    await bring(bench.tofu, wants([anEntry({ runner_id: 'r1' }), anEntry({ runner_id: 'r2' })]));
    const [first, second] = [bench.record('r1'), bench.record('r2')];

    const { plan, outcome } = await bring(bench.tofu, wants([anEntry({ runner_id: 'r2' })]));

    const deletes = plan.changes.filter(({ actions }) => actions.includes('delete'));
    expect(deletes).toEqual([{ address: bench.tofu.addressOf('r1'), runnerId: 'r1', actions: ['delete'] }]);
    expect(plan.summary).toEqual({ add: 0, change: 0, destroy: 1 });
    expect(verdictFor('terminating', plan.changes)).toBe('ok');
    expect(verdictFor('idle', plan.changes)).toBe('unexpected');
    expect(outcome).toMatchObject({ kind: 'ok', applied: [], removed: [bench.tofu.addressOf('r1')] });
    expect(readStartTime(first.pid)).toBeUndefined();
    expect(readStartTime(second.pid)).toBe(second.start_time);
    expect(listNames(join(bench.dataDir, 'local-runners'))).toEqual(['r2']);
  });

  it('changes nothing of five living runners when a new version of the module comes', async () => {
    await using bench = createBench(program ?? '');
    const wanted = wants([1, 2, 3, 4, 5].map((n) => anEntry({ runner_id: `r${n}` })));
    await bring(bench.tofu, wanted);
    const computeDir = join(bench.dir, 'compute');
    cpSync(computeDirectory, computeDir, { recursive: true });
    writeFileSync(join(computeDir, 'versions.json'), '{"version":"9.0.0","machineRevision":1}');

    const raised = bench.reopen({
      computeDir,
      launcher: { agentCommand: ['/other/agent'], env: { TZ: 'UTC' } },
    });
    const { plan } = await bring(raised, wanted);

    const rows = [1, 2, 3, 4, 5].map((n) => ({
      address: raised.addressOf(`r${n}`),
      state: 'idle' as const,
      made: true,
    }));
    expect(plan.hasChanges).toBe(false);
    expect(plan.changes.map(({ actions }) => actions)).toEqual(Array(5).fill(['no-op']));
    expect(checkTofuPlan({ changes: plan.changes, rows })).toEqual({ kind: 'ok', creates: [], deletes: [] });
  });

  it('reports a machine that could not be started, and removes it later', async () => {
    await using bench = createBench(program ?? '', {
      launcher: { agentCommand: ['/nowhere/agent'], env: {} },
    });

    const { outcome } = await bring(bench.tofu, wants([anEntry({ runner_id: 'r1' })]));
    const removal = await bring(bench.tofu, wants([]));

    expect(outcome).toMatchObject({
      kind: 'failed',
      summary: 'local-exec provisioner error',
      detail: expect.stringContaining('/nowhere/agent'),
      applied: [],
    });
    expect(removal.outcome).toMatchObject({ kind: 'ok', removed: [bench.tofu.addressOf('r1')] });
    expect(listNames(join(bench.dataDir, 'local-runners'))).toEqual([]);
  });

  it('keeps the one-time token out of state, stored plan, events and log', async () => {
    await using bench = createBench(program ?? '');

    const { plan, events, log } = await bring(bench.tofu, wants([anEntry({ runner_id: 'r1' })]));

    const state = readFileSync(join(bench.dataDir, 'tofu-states/web/terraform.tfstate'), 'utf8');
    expect(`${state}${JSON.stringify(plan.redacted)}${JSON.stringify(events)}${log}`).not.toContain('bt-r1');
    expect(listNames(join(bench.dataDir, 'runs'))).toEqual([]);
  });

  it('tells stages and resources while it works', async () => {
    await using bench = createBench(program ?? '');

    const { events, log } = await bring(bench.tofu, wants([anEntry({ runner_id: 'r1' })]));

    const address = `${bench.tofu.addressOf('r1')}.terraform_data.runner`;
    expect(events.map(({ kind }) => kind)).toContain('stage');
    expect(events).toContainEqual({ kind: 'resource', message: `${address}: Plan to create`, address });
    const lines = log.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line)['@message'])).toContain(`${address}: Creating...`);
  });

  it('lists what is in the state, and nothing when there is none', async () => {
    await using bench = createBench(program ?? '');
    const list = async () => {
      const { run } = await openRun(bench.tofu, wants([]));
      const addresses = await run.stateList({ signal: never });
      await run.dispose();
      return addresses;
    };

    const before = await list();
    await bring(bench.tofu, wants([anEntry({ runner_id: 'r1' })]));

    expect(before).toEqual([]);
    expect(await list()).toEqual([bench.tofu.addressOf('r1')]);
  });

  it('has a state of its own for every shard', async () => {
    await using bench = createBench(program ?? '');
    await bring(bench.tofu, wants([anEntry({ runner_id: 'r1' })], 0));

    const { plan } = await bring(bench.tofu, wants([anEntry({ runner_id: 'r2' })], 3));

    expect(plan.summary).toEqual({ add: 1, change: 0, destroy: 0 });
    expect(listNames(join(bench.dataDir, 'tofu-states/web')).toSorted()).toEqual(['3', 'terraform.tfstate']);
  });

  it('does without init once a bundle of the same shape was prepared', async () => {
    await using bench = createBench(program ?? '');
    const first = await bring(bench.tofu, wants([anEntry({ runner_id: 'r1' })]));

    const second = await bring(bench.reopen(), wants([]));

    expect(first.log).toContain('"tofu init');
    expect(second.log).not.toContain('"tofu init');
    expect(second.outcome).toMatchObject({ kind: 'ok', removed: [bench.tofu.addressOf('r1')] });
  });
});

/** The guard's word on a plan, when r1 is in this state and r2 is idle. */
function verdictFor(state: 'terminating' | 'idle', changes: readonly PlanChange[]): string {
  const rows = [
    { address: addressOf('r1'), state, made: true },
    { address: addressOf('r2'), state: 'idle' as const, made: true },
  ];
  return checkTofuPlan({ changes, rows }).kind;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}
