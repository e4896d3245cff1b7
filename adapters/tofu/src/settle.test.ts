import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Tofu } from '@polar-gosling/ports/tofu';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { findProcessesIn, readStartTime, signalQuietly } from './process-identity.ts';
import {
  anEntry,
  type Bench,
  bring,
  clock,
  copyComputeWithHold,
  createBench,
  eventually,
  findTestTofu,
  listNames,
  never,
  noTofuReason,
  openRun,
  readJson,
  wants,
  writeFakeTofu,
} from './test-bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const program = findTestTofu();
const wanted = wants([anEntry({ runner_id: 'r1' })]);

describe('settling what a killed OpenTofu left', () => {
  beforeEach(({ skip }) => skip(program === undefined, noTofuReason));

  it('waits for its commands, breaks its lock, and the next apply goes on with the same machine', async () => {
    await using bench = createBench(program ?? '');
    const tofu = bench.reopen({ computeDir: copyComputeWithHold(bench.dir) });
    const hold = join(bench.dataDir, 'hold');
    writeFileSync(hold, '');
    const { run, runId, pids } = await openRun(tofu, wanted);
    await run.plan({ signal: never });
    const applied = run.apply({ signal: never });
    await eventually(() => findLauncher(bench, runId), 'the launcher to run');
    signalQuietly(pids.at(-1) ?? 0, 'SIGKILL');
    const outcome = await applied;
    const locksBefore = lockFiles(bench);
    rmSync(hold);

    const settled = await tofu.settle(leftOf(tofu, { runId, pid: pids.at(-1) }), { signal: never });
    const started = bench.record('r1').pid;
    const locksAfter = lockFiles(bench);
    const after = await bring(tofu, wanted);

    expect(outcome).toEqual({ kind: 'unknown', reason: 'OpenTofu was ended by SIGKILL' });
    expect(locksBefore).toEqual(['.terraform.tfstate.lock.info']);
    expect([settled, locksAfter]).toEqual(['settled', []]);
    expect(listNames(join(bench.dataDir, 'runs'))).toEqual([]);
    expect(after.outcome).toMatchObject({ kind: 'ok', applied: [tofu.addressOf('r1')] });
    expect(bench.record('r1').pid).toBe(started);
  });

  it('can remove a machine that no state knows', async () => {
    await using bench = createBench(program ?? '');
    await bring(bench.tofu, wanted);
    const { pid } = bench.record('r1');
    rmSync(join(bench.dataDir, 'tofu-states/web/terraform.tfstate'));

    await bench.tofu.removeStray?.('r1', { signal: never });
    await bench.tofu.removeStray?.('r1', { signal: never });
    const refused = bench.tofu.removeStray?.('../r1', { signal: never });

    await expect(refused).rejects.toMatchObject({ code: 'TOFU_APPLY_FAILED' });
    expect(readStartTime(pid)).toBeUndefined();
    expect(listNames(join(bench.dataDir, 'local-runners'))).toEqual([]);
  });

  it('lets the apply of a killed process of ours end well', async () => {
    await using bench = createBench(program ?? '');
    const computeDir = copyComputeWithHold(bench.dir);
    const hold = join(bench.dataDir, 'hold');
    writeFileSync(hold, '');
    const { holder, pid } = await startHolder(bench, program ?? '', { computeDir, hardEndInMs: 60_000 });
    await eventually(() => lockFiles(bench)[0], 'the apply to hold its lock');

    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const isAliveAfter = readStartTime(pid) !== undefined;
    rmSync(hold);
    await eventually(() => (readStartTime(pid) === undefined ? true : undefined), 'the apply to end');
    const tofu = bench.reopen({ computeDir });
    const settled = await tofu.settle(leftOf(tofu, { runId: 'held', pid }), { signal: never });
    const { plan } = await bring(tofu, wanted);

    expect(isAliveAfter).toBe(true);
    expect(settled).toBe('settled');
    expect(plan.hasChanges).toBe(false);
    expect(readStartTime(bench.record('r1').pid)).toBe(bench.record('r1').start_time);
  });
});

describe('the guard beside OpenTofu, when we are gone', () => {
  it('sends the one SIGINT in our place', async () => {
    await using bench = createBench('');
    const bin = writeFakeTofu(
      bench.dir,
      `trap 'touch "$HOME/../../interrupted"; exit 1' INT; while :; do sleep 0.1; done`,
    );
    const { holder, pid } = await startHolder(bench, bin, { hardEndInMs: 34_000 });

    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await eventually(() => (readStartTime(pid) === undefined ? true : undefined), 'the end');

    expect(existsSync(join(bench.dataDir, 'interrupted'))).toBe(true);
  });

  it('kills at the hard end what does not listen', async () => {
    await using bench = createBench('');
    const bin = writeFakeTofu(bench.dir, `trap '' INT TERM; while :; do sleep 0.1; done`);
    const { holder, pid } = await startHolder(bench, bin, { hardEndInMs: 4000, graceMs: 0 });

    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await eventually(() => (readStartTime(pid) === undefined ? true : undefined), 'the end');

    expect(readStartTime(pid)).toBeUndefined();
  });
});

describe('a plan whose OpenTofu was killed', () => {
  it('leaves no lock on the state', async () => {
    await using bench = createBench('');
    const lock = join(bench.dataDir, 'tofu-states/web/.terraform.tfstate.lock.info');
    const bin = writeFakeTofu(bench.dir, 'exit 0', `touch '${lock}'; kill -9 $$`);
    const tofu = bench.reopen({ find: { bin, environment: {}, allowTerraform: true } });
    const { run } = await openRun(tofu, wants([]));

    await expect(run.plan({ signal: never })).rejects.toMatchObject({ code: 'TOFU_PLAN_FAILED' });

    expect(existsSync(lock)).toBe(false);
    await run.dispose();
  });
});

describe('settling a run', () => {
  it('cannot end what runs on another host before its hard end and a minute', async () => {
    await using bench = createBench('');
    const left = { ...leftOf(bench.tofu, { runId: 'x', pid: 1 }), host: 'elsewhere', hostId: 'another' };

    const early = await bench.tofu.settle({ ...left, hardEndAt: clock.now() - 59_000 }, { signal: never });
    const late = await bench.tofu.settle({ ...left, hardEndAt: clock.now() - 60_000 }, { signal: never });

    expect([early, late]).toEqual(['alive', 'settled']);
  });

  it('cannot end what runs on another host of the same name, and leaves its lock', async () => {
    await using bench = createBench('');
    await using other = createBench('');
    writeLock(bench);
    const left = { ...leftOf(bench.tofu, { runId: 'x', pid: 1 }), bootId: 'another' };
    const ofClone = { ...left, hostId: other.tofu.host.id };
    const ofEarlierRelease = { ...left, hostId: undefined };

    const answers = [
      await bench.tofu.settle(ofClone, { signal: never }),
      await bench.tofu.settle(ofEarlierRelease, { signal: never }),
    ];
    const locks = lockFiles(bench);
    const late = await bench.tofu.settle({ ...ofClone, hardEndAt: clock.now() - 60_000 }, { signal: never });

    expect(answers).toEqual(['alive', 'alive']);
    expect(locks).toHaveLength(1);
    expect(late).toBe('settled');
  });

  it('needs no id for a run of this very boot, as rows of earlier releases have none', async () => {
    await using bench = createBench('');
    const left = { ...leftOf(bench.tofu, { runId: 'x', pid: 1 }), hostId: undefined };

    expect(await bench.tofu.settle(left, { signal: never })).toBe('settled');
  });

  it('knows its host after a restart, by another name too', async () => {
    await using bench = createBench('');
    const left = leftOf(bench.tofu, { runId: 'x', pid: 1 });
    const renamed = { ...left, host: 'its-earlier-name', bootId: 'another' };

    expect(await bench.reopen().settle(renamed, { signal: never })).toBe('settled');
    expect(listNames(bench.dataDir).filter((name) => name.startsWith('host-id'))).toEqual(['host-id']);
  });

  it('needs no proof for a run of an earlier boot', async () => {
    await using bench = createBench('');
    writeLock(bench);
    const left = { ...leftOf(bench.tofu, { runId: 'x', pid: process.pid }), bootId: 'another' };

    const settled = await bench.tofu.settle(left, { signal: never });

    expect([settled, lockFiles(bench)]).toEqual(['settled', []]);
  });

  it('spares a process that only has the number of the one it looks for', async () => {
    await using bench = createBench('');
    const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const pid = stranger.pid ?? 0;
    const runDir = join(bench.dataDir, 'runs', 'x');
    mkdirSync(runDir, { recursive: true });
    const recorded = {
      pid,
      startTime: '1',
      bootId: bench.tofu.host.bootId,
      interruptMarker: join(runDir, 'i'),
    };
    writeFileSync(join(runDir, 'process.json'), JSON.stringify(recorded));

    const left = { ...leftOf(bench.tofu, { runId: 'x', pid }), hardEndAt: clock.now() - 1 };
    const settled = await bench.tofu.settle(left, { signal: never });
    const isAlive = readStartTime(pid) !== undefined;
    stranger.kill('SIGKILL');

    expect([settled, isAlive]).toEqual(['settled', true]);
  });

  it('sends one SIGINT however often it is tried, and kills after the hard end', async () => {
    await using bench = createBench('');
    const text = `trap 'echo INT >>"$HOME/../../signals"' INT; while :; do sleep 0.1; done`;
    const { holder, pid } = await startHolder(bench, writeFakeTofu(bench.dir, text), { hardEndInMs: 60_000 });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const tofu = bench.reopen({ limits: { settleWaitMs: 300 } });
    const left = leftOf(tofu, { runId: 'held', pid });

    const first = await tofu.settle(left, { signal: never });
    const second = await tofu.settle(left, { signal: never });
    const last = await tofu.settle({ ...left, hardEndAt: clock.now() - 1 }, { signal: never });

    expect([first, second, last]).toEqual(['alive', 'alive', 'settled']);
    expect(readFileSync(join(bench.dataDir, 'signals'), 'utf8')).toBe('INT\n');
    expect(readStartTime(pid)).toBeUndefined();
  });

  it('ends what still works in the directory of a run that is wiped', async () => {
    await using bench = createBench('');
    const runDir = join(bench.dataDir, 'runs', 'x');
    mkdirSync(runDir, { recursive: true });
    const provider = spawn('sleep', ['60'], { cwd: runDir, stdio: 'ignore' });
    await once(provider, 'spawn');
    rmSync(runDir, { recursive: true });
    const tofu = bench.reopen({ limits: { settleWaitMs: 100 } });
    const left = leftOf(tofu, { runId: 'x', pid: undefined });

    const early = await tofu.settle(left, { signal: never });
    const late = await tofu.settle({ ...left, hardEndAt: clock.now() - 1 }, { signal: never });

    expect([early, late]).toEqual(['alive', 'settled']);
    expect(readStartTime(provider.pid ?? 0)).toBeUndefined();
  });

  it('keeps an errored state, and may be repeated', async () => {
    await using bench = createBench('');
    const blobs = createMemoryBlobs();
    const tofu = bench.reopen({ blobs });
    const runDir = join(bench.dataDir, 'runs', 'x');
    mkdirSync(runDir, { recursive: true });
    writeFileSync(join(runDir, 'errored.tfstate'), '{"serial":3}');
    const left = leftOf(tofu, { runId: 'x', pid: undefined });

    const answers = [await tofu.settle(left, { signal: never }), await tofu.settle(left, { signal: never })];

    const kept = await blobs.read('runs/x/errored.tfstate', { signal: never });
    expect(answers).toEqual(['settled', 'settled']);
    expect(Buffer.from(kept ?? '').toString('utf8')).toBe('{"serial":3}');
    expect(existsSync(runDir)).toBe(false);
  });
});

function leftOf(tofu: Tofu, run: { runId: string; pid: number | undefined }) {
  const { name: host, id: hostId, bootId } = tofu.host;
  return { ...run, egg: 'web', shard: 0, host, hostId, bootId, hardEndAt: clock.now() + 60_000 };
}

function findLauncher(bench: Bench, runId: string): number | undefined {
  const inside = findProcessesIn(join(bench.dataDir, 'runs', runId));
  const isLauncher = (pid: number) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('launcher.mjs\0start');
  return inside.find(({ pid }) => isLauncher(pid))?.pid;
}

function lockFiles(bench: Bench): string[] {
  return listNames(join(bench.dataDir, 'tofu-states/web')).filter((name) => name.endsWith('.lock.info'));
}

function writeLock(bench: Bench): void {
  const folder = join(bench.dataDir, 'tofu-states/web');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.terraform.tfstate.lock.info'), '{}');
}

/** A process of ours in the middle of an apply, to be killed. */
async function startHolder(
  bench: Bench,
  bin: string,
  options: { computeDir?: string; hardEndInMs: number; graceMs?: number },
) {
  const script = join(bench.dir, 'holder.mjs');
  const report = join(bench.dir, 'holder.json');
  const { computeDir, hardEndInMs, graceMs = 30_000 } = options;
  const settings = {
    ...{ dataDir: bench.dataDir, limits: { graceMs } },
    find: { bin, environment: { PATH: '/usr/bin:/bin' }, allowTerraform: true },
    launcher: { agentCommand: [process.execPath, join(bench.dir, 'agent.mjs')], env: {} },
    ...(computeDir === undefined ? {} : { computeDir }),
  };
  const bench_ = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'test-bench.ts')));
  const adapter = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'index.ts')));
  writeFileSync(
    script,
    `
import { writeFileSync, renameSync } from 'node:fs';
import { clock, encryption, never, openRun, wants, anEntry } from ${bench_};
import { createTofu } from ${adapter};
import { silentLogger } from ${JSON.stringify(import.meta.resolve('@polar-gosling/kernel'))};
const tofu = createTofu({ ...${JSON.stringify(settings)}, clock, encryption, logger: silentLogger });
const wanted = wants([anEntry({ runner_id: 'r1' })]);
const { run } = await openRun(tofu, wanted, { runId: 'held', hardEndAt: clock.now() + ${hardEndInMs} });
await run.plan({ signal: never });
const applied = run.apply({ signal: never });
const before = run.pid;
while (run.pid === before) await clock.sleep(10, never);
await clock.sleep(100, never);
writeFileSync(${JSON.stringify(report)} + '.new', JSON.stringify({ pid: run.pid }));
renameSync(${JSON.stringify(report)} + '.new', ${JSON.stringify(report)});
await applied;
`,
  );
  const holder = spawn(process.execPath, [script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const { pid } = await eventually(
    () => readJson(report) as { pid: number } | undefined,
    'the holder to apply',
  );
  return { holder, pid };
}
