import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { withFileLock } from './file-lock.ts';
import { clock, eventually, never } from './test-bench.ts';
import { findUnshare, noSmallDisk, onSmallDisk } from './test-small-disk.ts';

const child = fileURLToPath(new URL('./lock.child.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'file-lock-'));
const unshare = findUnshare();
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** µs. */
const now = () => Number(process.hrtime.bigint() / 1_000n);

interface Holder {
  /** Takes it, at a moment of the clock that all processes share. */
  go(at?: number): void;
  kill(): Promise<void>;
  /** Waits for a line that begins so. */
  says(start: string): Promise<string>;
}

/** A process that takes the lock when it is told to; `on`: a command that runs it somewhere else. */
async function startHolder(
  path: string,
  heldMs: number,
  on = (command: readonly string[]) => command,
): Promise<Holder> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', child, path, String(heldMs)];
  const [command = '', ...args] = on(node);
  const started = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 120_000 });
  let said = '';
  started.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  const says = (start: string) =>
    eventually(() => said.split('\n').find((line) => line.startsWith(start)), `a process to say ${start}`);
  await says('ready');
  return {
    go: (at = 0) => void started.stdin.write(String(at)),
    says,
    async kill() {
      started.kill('SIGKILL');
      if (started.exitCode === null && started.signalCode === null) await once(started, 'exit');
    },
  };
}

describe('a file lock', { timeout: 180_000 }, () => {
  it('has one holder at a time after one that was killed', async () => {
    const path = join(dir, 'contended');
    const killed = await startHolder(path, 100_000);
    killed.go();
    await killed.says('inside');
    const contenders = await Promise.all(Array.from({ length: 12 }, () => startHolder(path, 30)));

    await killed.kill();
    const at = now() + 300_000;
    for (const contender of contenders) contender.go(at);
    const lines = await Promise.all(contenders.map(({ says }) => says('{')));

    const held: { from: number; to: number }[] = lines.map((line) => JSON.parse(line));
    const inOrder = held.toSorted((a, b) => a.from - b.from);
    const overlapping = inOrder.slice(1).filter(({ from }, at) => from < (inOrder[at]?.to ?? 0));
    expect([held.length, overlapping]).toEqual([12, []]);
  });

  it('stays with its holder while another caller of the same process asks for it', async () => {
    const path = join(dir, 'two-callers');
    const other = await startHolder(path, 0);
    const inside = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const options = { clock, waitMs: 60_000, signal: never };
    const first = withFileLock(path, options, async () => {
      inside.resolve();
      await leave.promise;
      return now();
    });
    await inside.promise;
    const second = withFileLock(path, { ...options, waitMs: 0 }, async () => 'inside');
    await expect(second).rejects.toMatchObject({ code: 'KERNEL_TIMED_OUT' });

    other.go();
    await clock.sleep(1_000, never);
    leave.resolve();
    const leftAt = await first;

    const { from } = JSON.parse(await other.says('{'));
    expect(from).toBeGreaterThanOrEqual(leftAt);
  });

  it('says at once that its folder is not there', async () => {
    const path = join(dir, 'nowhere', 'lock');
    const asked = withFileLock(path, { clock, waitMs: 60_000, signal: never }, async () => 'inside');

    await expect(asked).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.for([
    ['is had on a disk that is full', 'dd if=/dev/zero of="$1/big" bs=4096 2>/dev/null', '{'],
    ['is refused at once where a file has no room', 'touch "$1/1" "$1/2" "$1/3" 2>/dev/null', 'ENOSPC'],
    ['is refused at once where nothing can be written', 'mount -o remount,ro "$1"', 'EROFS'],
  ] as const)('%s', async ([what, spoil, answer], { skip }) => {
    skip(unshare === undefined, noSmallDisk);
    const disk = join(dir, what.replaceAll(' ', '-'));
    mkdirSync(disk);
    const spoiled = (command: readonly string[]) =>
      onSmallDisk(unshare ?? [], { dir: disk, size: '64k,nr_inodes=4' }, [
        ...['sh', '-c', `${spoil}; shift; exec "$@"`, 'sh', disk],
        ...command,
      ]);
    const holder = await startHolder(join(disk, 'lock'), 0, spoiled);

    holder.go();

    expect(await holder.says(answer)).toBeDefined();
  });
});
