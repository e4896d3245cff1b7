import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, codeOf, pollUntil } from '@polar-gosling/kernel';

const sqliteBusy = 5;

/**
 * Runs `action` while no other process (or caller in this one) holds the lock; waits for whoever does, at most `waitMs`.
 * The lock is SQLite's own on an empty file, which stays: the kernel ends it with its process, so there is nothing
 * stale to judge. Fails with KERNEL_TIMED_OUT, or as the file system does where the file cannot be made.
 */
export async function withFileLock<Result>(
  path: string,
  options: { clock: Clock; waitMs: number; signal: AbortSignal },
  action: () => Promise<Result>,
): Promise<Result> {
  const { clock, waitMs, signal } = options;
  const db = openLock(path);
  try {
    const take = () => tryTake(db);
    await pollUntil(take, { clock, everyMs: 200, timeoutMs: waitMs, what: `the lock ${path}`, signal });
    return await action();
  } finally {
    db.close();
  }
}

function openLock(path: string): DatabaseSync {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    // One that is there is not opened: closing it would end the lock that another caller in this process holds.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  return new DatabaseSync(path, { timeout: 0 });
}

function tryTake(db: DatabaseSync): true | undefined {
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'); // nothing is written: a full disk can be locked too
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return undefined;
    throw error;
  }
}
