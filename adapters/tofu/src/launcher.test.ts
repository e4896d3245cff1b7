import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { computeDirectory } from './compute-module.ts';
import { readStartTime, signalQuietly } from './process-identity.ts';
import { anEntry, type Bench, createBench, eventually } from './test-bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const launcher = join(computeDirectory, 'local', 'launcher.mjs');
const run = promisify(execFile);

describe('the launcher of local runners', () => {
  it('starts a runner once: neither a living one again, nor one that has lived', async () => {
    await using bench = createBench('');
    await start(bench);
    const { pid } = bench.record('r1');

    await start(bench);
    const whileAlive = bench.record('r1').pid;
    await end(pid);
    await start(bench);

    expect([whileAlive, bench.record('r1').pid]).toEqual([pid, pid]);
    expect(readStartTime(pid)).toBeUndefined();
  });

  it('finds again, by its mark, an agent whose record was never written', async () => {
    await using bench = createBench('');
    await start(bench);
    const { pid } = bench.record('r1');
    rmSync(join(runnerDir(bench), 'runner.json'));

    await start(bench);

    expect(bench.record('r1').pid).toBe(pid);
  });

  it('removes an agent whose record was never written', async () => {
    await using bench = createBench('');
    await start(bench);
    const { pid } = bench.record('r1');
    rmSync(join(runnerDir(bench), 'runner.json'));

    await stop(bench);

    expect(readStartTime(pid)).toBeUndefined();
    expect(existsSync(runnerDir(bench))).toBe(false);
  });

  it('kills what does not end, also what has left the session', async () => {
    await using bench = createBench('');
    await start(bench, { LANG: 'stubborn' });
    await bench.seen('r1');
    const { pid } = bench.record('r1');
    const child = await eventually(() => childOf(pid), 'the agent to have a child');

    await run(process.execPath, [launcherOfLittlePatience(bench), 'stop'], {
      env: stopEnvironment(bench, 'r1'),
    });

    expect([readStartTime(pid), readStartTime(child)]).toEqual([undefined, undefined]);
    expect(existsSync(runnerDir(bench))).toBe(false);
  });

  it('ends by itself after five minutes, and the next one does what was left', async () => {
    await using bench = createBench('');
    await start(bench, { LANG: 'stubborn' });
    await bench.seen('r1');
    const { pid } = bench.record('r1');
    const env = stopEnvironment(bench, 'r1');
    const hurried = launcherWith(bench, ['limitMs = 5 * 60_000', 'limitMs = 300']);

    const ended = await run(process.execPath, [hurried, 'stop'], { env }).catch((error: unknown) => error);
    const isAlive = readStartTime(pid) !== undefined;
    await run(process.execPath, [launcherOfLittlePatience(bench), 'stop'], { env });

    expect(ended).toMatchObject({ code: 1, stderr: 'gosling launcher: did not end within 0.3 s\n' });
    expect(isAlive).toBe(true);
    expect(existsSync(runnerDir(bench))).toBe(false);
  });

  it('removes what an agent that died left behind', async () => {
    await using bench = createBench('');
    await start(bench, { LANG: 'stubborn' });
    await bench.seen('r1');
    const { pid } = bench.record('r1');
    const child = await eventually(() => childOf(pid), 'the agent to have a child');
    await end(pid);

    await stop(bench);

    expect(readStartTime(child)).toBeUndefined();
    expect(existsSync(runnerDir(bench))).toBe(false);
  });

  it('never signals a process that got the number of a runner', async () => {
    await using bench = createBench('');
    const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const pid = stranger.pid ?? 0;
    mkdirSync(runnerDir(bench), { recursive: true });
    const record = { runner_id: 'r1', egg: 'web', pid, start_time: '1', boot_id: bench.tofu.host.bootId };
    writeFileSync(join(runnerDir(bench), 'runner.json'), JSON.stringify(record));

    await stop(bench);
    const isAlive = readStartTime(pid) !== undefined;
    stranger.kill('SIGKILL');

    expect(isAlive).toBe(true);
    expect(existsSync(runnerDir(bench))).toBe(false);
  });

  it('has nothing to do for a runner that is not there', async () => {
    await using bench = createBench('');

    await expect(stop(bench)).resolves.toMatchObject({ stderr: '' });
  });

  it('refuses an id that would leave its directory', async () => {
    await using bench = createBench('');

    const refused = stop(bench, '../../etc').catch((error: unknown) => error);

    await expect(refused).resolves.toMatchObject({
      code: 1,
      stderr: 'gosling launcher: "../../etc" is no runner id\n',
    });
  });

  it('says what is wrong when the agent cannot be started', async () => {
    await using bench = createBench('');

    const failed = start(bench, {}, ['/nowhere/agent']).catch((error: unknown) => error);

    await expect(failed).resolves.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nowhere/agent ENOENT'),
    });
  });

  it('tells processes apart where there is no /proc', async () => {
    await using bench = createBench('');
    const text = readFileSync(join(computeDirectory, 'local', 'processes.mjs'), 'utf8');
    const copy = join(bench.dir, 'processes.mjs');
    writeFileSync(copy, text.replaceAll('/proc/self/stat', '/no-proc/self/stat'));
    const { listProcesses, readStartTime: startOf } = await import(copy);

    const me = listProcesses().find(({ pid }: { pid: number }) => pid === process.pid);

    expect(me).toMatchObject({ pid: process.pid, parent: process.ppid });
    expect(startOf(process.pid)).toBe(me.startTime);
    expect(startOf(2 ** 22 + 1)).toBeUndefined();
  });
});

function start(bench: Bench, agentEnv: Record<string, string> = {}, command?: string[]) {
  return run(process.execPath, [launcher, 'start'], {
    env: {
      GOSLING_DATA_DIR: bench.dataDir,
      GOSLING_ENTRY: JSON.stringify(anEntry({ runner_id: 'r1' })),
      GOSLING_AGENT_COMMAND: JSON.stringify(command ?? [process.execPath, join(bench.dir, 'agent.mjs')]),
      GOSLING_AGENT_ENV: JSON.stringify(agentEnv),
    },
  });
}

function stop(bench: Bench, runnerId = 'r1') {
  return run(process.execPath, [launcher, 'stop'], { env: stopEnvironment(bench, runnerId) });
}

function stopEnvironment(bench: Bench, runnerId: string) {
  return { GOSLING_DATA_DIR: bench.dataDir, GOSLING_RUNNER_ID: runnerId };
}

function launcherOfLittlePatience(bench: Bench): string {
  return launcherWith(bench, ['termPatienceMs = 20_000', 'termPatienceMs = 200']);
}

/** The launcher as it is, but for one of its times. */
function launcherWith(bench: Bench, [given, instead]: readonly [string, string]): string {
  const copy = mkdtempSync(join(bench.dir, 'local-'));
  cpSync(join(computeDirectory, 'local'), copy, { recursive: true });
  const text = readFileSync(launcher, 'utf8');
  expect(text).toContain(given);
  writeFileSync(join(copy, 'launcher.mjs'), text.replace(given, instead));
  return join(copy, 'launcher.mjs');
}

function runnerDir(bench: Bench): string {
  return join(bench.dataDir, 'local-runners', 'r1');
}

async function end(pid: number): Promise<void> {
  signalQuietly(pid, 'SIGKILL');
  await eventually(() => (readStartTime(pid) === undefined ? true : undefined), 'its end');
}

function childOf(pid: number): number | undefined {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? undefined : Number(text.split(' ')[0]);
}
