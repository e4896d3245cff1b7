import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isCoded } from '@polar-gosling/kernel';
import { storeErrors } from '@polar-gosling/ports/store/adapter';
import { migrate } from './migrations.ts';

/** "Gosl": tells our files from other SQLite files. */
const applicationId = 0x476f736c;
const busyTimeoutMs = 5_000;
const walLimitBytes = 64 * 1024 * 1024;
/** 16 MB: a page that many commits change is carried over once. Measured against 4 MB: 8 % less CPU, 15 % less time. */
const checkpointPages = 4_000;

/** The connection that writes: makes file and directory for this user only, and brings the schema up to date. */
export function openForWriting(path: string, nowMs: number): DatabaseSync {
  return opening(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its -wal and -shm files the mode of the database.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      const isNew = checkOwner(db, path) === 'new';
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY');
      db.exec(`PRAGMA journal_size_limit = ${walLimitBytes}; PRAGMA wal_autocheckpoint = ${checkpointPages}`);
      if (isNew) db.exec(`PRAGMA application_id = ${applicationId}`);
      migrate(db, { path, nowMs });
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** A connection that cannot write; sees every commit that was acknowledged before it asks. */
export function openForReading(path: string): DatabaseSync {
  return opening(path, () => new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs }));
}

function checkOwner(db: DatabaseSync, path: string): 'new' | 'ours' {
  const id = db.prepare('PRAGMA application_id').get()?.['application_id'];
  const tables = db.prepare('SELECT count(*) AS number FROM sqlite_schema').get()?.['number'];
  if (id === applicationId) return 'ours';
  if (tables === 0) return 'new';
  throw storeErrors.notOpened({ path, reason: 'it is a database of another program' });
}

function opening(path: string, open: () => DatabaseSync): DatabaseSync {
  try {
    return open();
  } catch (error) {
    if (isCoded(error)) throw error;
    throw storeErrors.notOpened({ path, reason: reasonOf(error) }, { cause: error });
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
