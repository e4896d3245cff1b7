import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { findProcessesIn, readStartTime } from './process-identity.ts';
import {
  anEntry,
  bring,
  clock,
  copyComputeWithHold,
  createBench,
  eventually,
  findTestTofu,
  never,
  noTofuReason,
  openRun,
  wants,
  writeFakeTofu,
} from './test-bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const program = findTestTofu();
const stubborn = `trap 'echo INT >>"$HOME/signals"' INT; echo ready >"$HOME/ready"; while :; do sleep 0.1; done`;

describe('an apply that is stopped', () => {
  beforeEach(({ skip }) => skip(program === undefined, noTofuReason));

  it('ends after one SIGINT, tells that it is unknown, and leaves nothing that later runs cannot remove', async () => {
    await using bench = createBench(program ?? '');
    const tofu = bench.reopen({ computeDir: copyComputeWithHold(bench.dir) });
    const hold = join(bench.dataDir, 'hold');
    writeFileSync(hold, '');
    const entries = [anEntry({ runner_id: 'r1' }), anEntry({ runner_id: 'r2' })];
    const stop = new AbortController();
    const { run, pids, runId } = await openRun(tofu, wants(entries), {
      onEvent: ({ message }) => /Provisioning with/.test(message) && stop.abort(),
    });
    await run.plan({ signal: never });

    const outcome = await run.apply({ signal: stop.signal });
    const left = findProcessesIn(join(bench.dataDir, 'runs', runId));
    await run.dispose();
    rmSync(hold);
    const removal = await bring(tofu, wants([]));

    expect(outcome).toEqual({ kind: 'unknown', reason: 'OpenTofu was stopped: signal' });
    expect(left).toEqual([]);
    expect(pids.map(readStartTime)).toEqual(pids.map(() => undefined));
    expect(removal.outcome?.kind ?? 'ok').toBe('ok');
    expect(existsSync(join(bench.dataDir, 'local-runners', 'r1'))).toBe(false);
    expect(existsSync(join(bench.dataDir, 'local-runners', 'r2'))).toBe(false);
  });

  it('starts the machine with the next apply when its start was interrupted', async () => {
    await using bench = createBench(program ?? '');
    const tofu = bench.reopen({ computeDir: copyComputeWithHold(bench.dir) });
    const hold = join(bench.dataDir, 'hold');
    writeFileSync(hold, '');
    const wanted = wants([anEntry({ runner_id: 'r1' })]);
    const stop = new AbortController();
    const { run } = await openRun(tofu, wanted, {
      onEvent: ({ message }) => /Provisioning with/.test(message) && stop.abort(),
    });
    await run.plan({ signal: never });
    await run.apply({ signal: stop.signal });
    await run.dispose();
    rmSync(hold);

    const { plan, outcome } = await bring(tofu, wanted);

    expect(plan.changes).toEqual([{ address: tofu.addressOf('r1'), runnerId: 'r1', actions: ['no-op'] }]);
    expect(plan.hasChanges).toBe(true);
    expect(outcome).toMatchObject({ kind: 'ok', applied: [tofu.addressOf('r1')] });
    expect(readStartTime(bench.record('r1').pid)).toBe(bench.record('r1').start_time);
  });

  it('has only the listed environment, with every proxy and certificate of the host', async () => {
    await using bench = createBench(program ?? '');
    const listed = {
      PATH: '/usr/bin:/bin',
      HTTPS_PROXY: 'http://127.0.0.1:1',
      HTTP_PROXY: 'http://127.0.0.1:2',
      NO_PROXY: 'localhost,1.example',
      https_proxy: 'http://127.0.0.1:3',
      http_proxy: 'http://127.0.0.1:4',
      no_proxy: 'localhost,2.example',
      SSL_CERT_FILE: '/nowhere/certs.pem',
      SSL_CERT_DIR: '/nowhere/certs',
    };
    const tofu = bench.reopen({
      computeDir: copyComputeWithHold(bench.dir),
      find: {
        bin: program,
        allowTerraform: true,
        environment: {
          ...listed,
          GOSLING_SECRETS_KEY: 'canary',
          AWS_SECRET_ACCESS_KEY: 'canary',
          TF_VAR_x: 'canary',
          TF_CLI_ARGS: '-canary',
          ALL_PROXY: 'http://canary',
          LD_PRELOAD: 'canary',
        },
      },
    });
    const hold = join(bench.dataDir, 'hold');
    writeFileSync(hold, '');
    let environment = '';
    const { run, pids } = await openRun(tofu, wants([anEntry({ runner_id: 'r1' })]), {
      onEvent({ message }) {
        if (!/Provisioning with/.test(message)) return;
        environment = readFileSync(`/proc/${pids.at(-1)}/environ`, 'utf8');
        rmSync(hold, { force: true });
      },
    });
    await run.plan({ signal: never });

    const outcome = await run.apply({ signal: never });
    await run.dispose();

    const ours = [
      'CHECKPOINT_DISABLE',
      'GOGC',
      'GOMEMLIMIT',
      'HOME',
      'TF_CLI_CONFIG_FILE',
      'TF_DATA_DIR',
      'TF_ENCRYPTION',
    ];
    const lines = environment.split('\0').filter((line) => line !== '' && !line.startsWith('PWD='));
    const found = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
    expect(outcome.kind).toBe('ok');
    expect(found).toMatchObject(listed);
    expect(Object.keys(found).toSorted()).toEqual(
      [...Object.keys(listed), ...ours, 'TF_INPUT', 'TF_IN_AUTOMATION'].toSorted(),
    );
    expect(environment).not.toContain('canary');
  });

  it('is told as locked when another run holds the state', async () => {
    await using bench = createBench(program ?? '', { limits: { lockTimeoutMs: 1000 } });
    const tofu = bench.reopen({ computeDir: copyComputeWithHold(bench.dir) });
    const hold = join(bench.dataDir, 'hold');
    writeFileSync(hold, '');
    const wanted = wants([anEntry({ runner_id: 'r1' })]);
    const first = await openRun(tofu, wanted);
    await first.run.plan({ signal: never });
    const applied = first.run.apply({ signal: never });
    await eventually(
      () => first.events.find(({ message }) => /Provisioning with/.test(message)),
      'the apply to be in the middle',
    );

    const second = await openRun(tofu, wanted);
    const locked = await second.run.plan({ signal: never }).catch((error: unknown) => error);
    rmSync(hold);
    const outcome = await applied;
    await Promise.all([first.run.dispose(), second.run.dispose()]);

    expect(locked).toMatchObject({
      code: 'TOFU_LOCKED',
      params: {
        who: expect.stringContaining('@'),
        path: join(bench.dataDir, 'tofu-states/web/terraform.tfstate'),
      },
    });
    expect(outcome.kind).toBe('ok');
  });
});

describe('a plan', () => {
  it('that is called off is waited for, and answers with the reason', async () => {
    await using bench = createBench('');
    const bin = writeFakeTofu(bench.dir, 'exit 0', `trap 'exit 1' INT; while :; do sleep 0.1; done`);
    const tofu = bench.reopen({
      find: { bin, environment: { PATH: '/usr/bin:/bin' }, allowTerraform: false },
    });
    const stop = new AbortController();
    const { run, pids } = await openRun(tofu, wants([]));
    const planned = run.plan({ signal: stop.signal }).catch((error: unknown) => error);
    await eventually(() => pids[1], 'the plan to begin');

    stop.abort(new DOMException('the lease is lost', 'AbortError'));
    const answer = await planned;
    const isAlive = readStartTime(pids[1] ?? 0) !== undefined;
    await run.dispose();

    expect(answer).toMatchObject({ message: 'the lease is lost' });
    expect(isAlive).toBe(false);
  });

  it('that was never ended is ended by dispose', async () => {
    await using bench = createBench('');
    const bin = writeFakeTofu(bench.dir, 'exit 0', `trap 'exit 1' INT; while :; do sleep 0.1; done`);
    const tofu = bench.reopen({
      find: { bin, environment: { PATH: '/usr/bin:/bin' }, allowTerraform: false },
    });
    const { run, pids } = await openRun(tofu, wants([]));
    const planned = run.plan({ signal: never }).catch((error: unknown) => error);
    await eventually(() => pids[1], 'the plan to begin');

    await run.dispose();

    expect(await planned).toMatchObject({ code: 'TOFU_PLAN_FAILED' });
    expect(readStartTime(pids[1] ?? 0)).toBeUndefined();
  });
});

describe('the hard end', () => {
  it('sends one SIGINT before it', async () => {
    await using bench = createBench('');
    const tofu = bench.reopen(fake(bench.dir, `trap 'exit 1' INT; while :; do sleep 0.1; done`, 60_000));
    const { run } = await openRun(tofu, wants([]), { hardEndAt: clock.now() + 61_500 });
    await run.plan({ signal: never });

    const outcome = await run.apply({ signal: never });
    await run.dispose();

    expect(outcome).toEqual({ kind: 'unknown', reason: 'OpenTofu was stopped: hard end' });
  });

  it('kills what did not listen, after a single SIGINT', async () => {
    await using bench = createBench('');
    const tofu = bench.reopen(fake(bench.dir, stubborn, 1000));
    const { run, runId, pids } = await openRun(tofu, wants([]), { hardEndAt: clock.now() + 3000 });
    await run.plan({ signal: never });
    const stop = new AbortController();
    const applied = run.apply({ signal: stop.signal });
    const runDir = join(bench.dataDir, 'runs', runId);
    await eventually(() => (existsSync(join(runDir, 'ready')) ? true : undefined), 'the apply to begin');
    stop.abort();

    const outcome = await applied;
    const signals = readFileSync(join(runDir, 'signals'), 'utf8');
    await run.dispose();

    expect(outcome).toEqual({ kind: 'unknown', reason: 'OpenTofu was stopped: signal' });
    expect(signals).toBe('INT\n');
    expect(readStartTime(pids.at(-1) ?? 0)).toBeUndefined();
    await eventually(() => (groupsOf(pids).length === 0 ? true : undefined), 'the guards to end');
  });

  it('starts nothing for which no time is left', async () => {
    await using bench = createBench('');
    const tofu = bench.reopen(fake(bench.dir, 'exit 0', 1000));
    const { run, pids } = await openRun(tofu, wants([]), { hardEndAt: clock.now() + 500 });

    const planned = await run.plan({ signal: never }).catch((error: unknown) => error);
    const outcome = await run.apply({ signal: never });
    await run.dispose();

    expect(planned).toMatchObject({ code: 'TOFU_PLAN_FAILED' });
    expect(outcome).toMatchObject({
      kind: 'failed',
      class: 'retryable',
      summary: 'the apply was not started',
    });
    expect(pids).toEqual([]);
  });
});

describe('an apply that ends by itself', () => {
  it('is failed with the class of its error', async () => {
    await using bench = createBench('');
    const line = `{"type":"diagnostic","@message":"x","diagnostic":{"severity":"error","summary":"\\u001b[1mEACCES","detail":"no more\\u001b[0m"}}`;
    const tofu = bench.reopen(fake(bench.dir, `echo '${line}'; exit 1`));

    const { run } = await openRun(tofu, wants([]));
    await run.plan({ signal: never });
    const outcome = await run.apply({ signal: never });
    await run.dispose();

    expect(outcome).toMatchObject({
      kind: 'failed',
      class: 'denied',
      summary: 'EACCES',
      detail: 'no more',
    });
  });

  it('keeps the state it could not write', async () => {
    await using bench = createBench('');
    const blobs = createMemoryBlobs();
    const tofu = bench.reopen({ ...fake(bench.dir, `echo '{"serial":7}' >errored.tfstate; exit 1`), blobs });
    const { run, runId } = await openRun(tofu, wants([]));
    await run.plan({ signal: never });

    await run.apply({ signal: never });
    await run.dispose();

    const kept = await blobs.read(`runs/${runId}/errored.tfstate`, { signal: never });
    expect(Buffer.from(kept ?? '').toString('utf8')).toBe('{"serial":7}\n');
  });

  it('leaves no process of its own behind', async () => {
    await using bench = createBench('');
    const tofu = bench.reopen(fake(bench.dir, 'exit 0'));
    const { run, pids } = await openRun(tofu, wants([]));
    await run.plan({ signal: never });

    await run.apply({ signal: never });
    await run.dispose();

    expect(pids).toHaveLength(4);
    await eventually(() => (groupsOf(pids).length === 0 ? true : undefined), 'the guards to end');
  });

  it('is unknown when somebody else killed it', async () => {
    await using bench = createBench('');
    const tofu = bench.reopen(fake(bench.dir, 'kill -9 $$'));
    const { run } = await openRun(tofu, wants([]));
    await run.plan({ signal: never });

    const outcome = await run.apply({ signal: never });
    await run.dispose();

    expect(outcome).toEqual({ kind: 'unknown', reason: 'OpenTofu was ended by SIGKILL' });
  });

  it('tells what it said on its error output, in plain text', async () => {
    await using bench = createBench('');
    const tofu = bench.reopen(
      fake(bench.dir, `printf '\\033[31mflag provided\\033[0m but not defined\\n' >&2; exit 2`),
    );
    const { run } = await openRun(tofu, wants([]));
    await run.plan({ signal: never });

    const outcome = await run.apply({ signal: never });
    await run.dispose();

    expect(outcome).toMatchObject({
      summary: 'it ended with code 2',
      detail: 'flag provided but not defined',
    });
  });
});

/** Processes that are in the groups OpenTofu was started in: itself, its guard, what it runs. */
function groupsOf(pids: readonly number[]): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return pids.includes(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]));
    } catch {
      return false; // ended meanwhile
    }
  });
}

function fake(dir: string, apply: string, graceMs = 1000) {
  const bin = writeFakeTofu(dir, apply);
  const environment = { PATH: '/usr/bin:/bin' };
  return { find: { bin, environment, allowTerraform: false }, limits: { graceMs } };
}
