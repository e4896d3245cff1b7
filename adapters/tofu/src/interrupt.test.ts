import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hardEndGuard } from './hard-end.ts';
import { startTool } from './process.ts';
import { readStartTime, signalQuietly } from './process-identity.ts';
import { clock, eventually } from './test-bench.ts';

vi.setConfig({ testTimeout: 30_000 });

// Traps what it gets, tells its pid, and stays.
const stubborn = `trap 'echo INT >>"$1/signals"' INT; echo $$ >"$1/pid.new"; mv "$1/pid.new" "$1/pid"; while :; do sleep 0.1; done`;
let dir: string;
let unmakeable: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gosling-interrupt-'));
  writeFileSync(join(dir, 'full'), '');
  unmakeable = join(dir, 'full', 'marker');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the one SIGINT, where its marker cannot be made', () => {
  it('is sent nevertheless when the command is called off, and once', async () => {
    await using stdout = await open(join(dir, 'out'), 'w');
    const stop = new AbortController();
    const hardEndAt = clock.now() + 4_000;
    const { done } = await startTool(
      {
        ...{
          program: '/bin/sh',
          args: ['-c', stubborn, 'sh', dir],
          cwd: dir,
          env: { PATH: '/usr/bin:/bin' },
        },
        ...{ output: { stdout, stderr: stdout }, interruptMarker: unmakeable, hardEndAt, graceMs: 2_000 },
      },
      clock,
      stop.signal,
    );
    await eventually(() => readPid(), 'the command to begin');

    stop.abort();
    const end = await done;

    expect(end).toEqual({ code: null, signal: 'SIGKILL', stoppedFor: 'signal' });
    expect(readFileSync(join(dir, 'signals'), 'utf8')).toBe('INT\n');
  });

  it('is sent once by the guard when we are gone', async () => {
    const pid = await startWithoutOwner(unmakeable);

    await eventually(() => (readStartTime(pid) === undefined ? true : undefined), 'the hard end');

    expect(readFileSync(join(dir, 'signals'), 'utf8')).toBe('INT\n');
  });

  it('is not sent again by a guard that was told of it, which marks it as soon as it can', async () => {
    const pid = await startWithoutOwner(unmakeable);
    signalQuietly(-pid, 'SIGWINCH');
    await eventually(() => (secondsNow() >= softEnd + 1 ? true : undefined), 'the soft end');
    rmSync(join(dir, 'full'));
    mkdirSync(join(dir, 'full'));
    await eventually(() => (existsSync(unmakeable) ? true : undefined), 'the marker');
    await eventually(() => (readStartTime(pid) === undefined ? true : undefined), 'the hard end');

    expect(existsSync(join(dir, 'signals'))).toBe(false);
  });
});

let softEnd: number;

function secondsNow(): number {
  return clock.now() / 1000;
}

function readPid(): number | undefined {
  return existsSync(join(dir, 'pid')) ? Number(readFileSync(join(dir, 'pid'), 'utf8')) : undefined;
}

/** As `startTool` does it, by a process that is gone a moment later. */
async function startWithoutOwner(marker: string): Promise<number> {
  softEnd = Math.ceil(secondsNow()) + 5;
  const times = [softEnd + 3, softEnd].map(String);
  const command = ['-c', hardEndGuard, 'gosling-guard', ...times, marker];
  const tool = ['/bin/sh', '-c', stubborn, 'sh', dir];
  const script = `require('node:child_process').spawn('/bin/sh', process.argv.slice(1), { detached: true, stdio: 'ignore' }); setTimeout(() => process.exit(), 1000)`;
  const owner = spawn(process.execPath, ['-e', script, '--', ...command, ...tool], { stdio: 'ignore' });
  await once(owner, 'exit');
  return eventually(() => readPid(), 'the command to begin');
}
