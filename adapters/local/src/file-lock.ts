import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@polar-gosling/kernel';
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
  closeSync(openSync(lock.path, 'a', 0o600));
  const db = new DatabaseSync(lock.path, { timeout: 0 });
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

export function tryLock(db: DatabaseSync): boolean {
  try {
    db.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return false;
    throw error;
  }
}
