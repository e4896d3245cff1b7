import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isHolderGone, processHolder } from './process-holder.ts';

const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) await end(child);
});

async function startProcess(): Promise<{ pid: number; child: ChildProcess }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  return { pid: Number(child.pid), child };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** The holder with one of host, boot, pid and start time replaced. */
function changed(holder: string, place: number, value: string): string {
  return holder
    .split('|')
    .map((part, index) => (index === place ? value : part))
    .join('|');
}

describe('a holder of a lease', () => {
  beforeEach(({ skip }) =>
    skip(process.platform !== 'linux', 'without /proc nothing is proved, and leases run out by watching'),
  );

  it('is not gone while its process runs', async () => {
    const { pid } = await startProcess();

    expect(isHolderGone(processHolder(pid))).toBe(false);
    expect(isHolderGone(processHolder(process.pid))).toBe(false);
  });

  it('is gone once its process was killed', async () => {
    const { pid, child } = await startProcess();
    const holder = processHolder(pid);

    await end(child);

    expect(isHolderGone(holder)).toBe(true);
  });

  it('is gone when another process has its number', () => {
    const [, , , startTime] = processHolder(process.pid).split('|');

    expect(isHolderGone(changed(processHolder(process.pid), 3, `${Number(startTime) - 1}`))).toBe(true);
  });

  it.each([
    ['of another host', 0, 'elsewhere'],
    ['of another boot', 1, '00000000-0000-0000-0000-000000000000'],
    ['without a number', 2, 'x'],
    ['whose start time was not known', 3, '?'],
  ])('is never proved gone %s', async (_what, place, value) => {
    const { pid, child } = await startProcess();
    const holder = processHolder(pid);

    await end(child);

    expect(isHolderGone(changed(holder, place, value))).toBe(false);
  });

  it.each(['', 'somebody', '|||', 'a|b'])('is never proved gone when it is "%s"', (holder) => {
    expect(isHolderGone(holder)).toBe(false);
  });
});
