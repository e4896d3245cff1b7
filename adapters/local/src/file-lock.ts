import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, codeOf } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';

const sqliteBusy = 5;
const everyMs = 20;
const patienceMs = 10_000;

/**
 * Runs `action` while no other process (or caller in this one) does. The lock is SQLite's own on an empty file: the
 * kernel ends it with the process that held it, so there is nothing stale to judge.
 */
export async function withFileLock<Result>(
  lock: { path: string; clock: Clock; signal: AbortSignal },
  action: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(dirname(lock.path), { recursive: true, mode: 0o700 });
  const db = openLock(lock.path);
  try {
    await acquire(db, lock);
    return await action();
  } finally {
    db.close();
  }
}

async function acquire(
  db: DatabaseSync,
  lock: { path: string; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const endsAt = lock.clock.monotonic() + patienceMs;
  while (!tryLock(db)) {
    if (lock.clock.monotonic() >= endsAt) {
      throw secretErrors.unwritable({ role: 'the secret file', reason: 'another process holds its lock' });
    }
    await lock.clock.sleep(everyMs, lock.signal);
  }
}

export function openLock(path: string): DatabaseSync {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    // One that is there is not opened: closing it would end the lock that another caller in this process holds.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  return new DatabaseSync(path, { timeout: 0 });
}

export function tryLock(db: DatabaseSync): boolean {
  try {
    db.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return false;
    throw error;
  }
}
