import { storeErrors } from '@polar-gosling/ports/store';
import { currentMigration, newestMigration } from './migrations.ts';
import { openForReading, reasonOf } from './open-database.ts';

/** What can be seen of a database file from outside, beside whoever writes it. */
export interface DatabaseReport {
  /** Problems that SQLite finds; empty when the file is sound. */
  readonly problems: readonly string[];
  readonly journalMode: string;
  readonly migration: number;
  /** What this release writes; a database ahead of it is not opened. */
  readonly newestMigration: number;
}

/** Reads all of the file; fails with STORE_NOT_OPENED when it is no database. Changes nothing. */
export function inspectDatabase(path: string): DatabaseReport {
  const db = openForReading(path);
  try {
    const found = db.prepare('PRAGMA integrity_check').all();
    const lines = found.map((row) => String(row['integrity_check']));
    return {
      problems: lines.filter((line) => line !== 'ok'),
      journalMode: String(db.prepare('PRAGMA journal_mode').get()?.['journal_mode']),
      migration: currentMigration(db),
      newestMigration,
    };
  } catch (error) {
    throw storeErrors.notOpened({ path, reason: reasonOf(error) }, { cause: error });
  } finally {
    db.close();
  }
}

/** What lies in the outbox of a database file. */
export interface OutboxReport {
  readonly due: number;
  /** Held by a worker, or due later. */
  readonly later: number;
  readonly buried: number;
  /** How long the oldest that is due has been so; 0 when none is. */
  readonly oldestDueMs: number;
}

/** Fails with STORE_NOT_OPENED when there is no such table. Changes nothing. */
export function inspectOutbox(path: string, now: number): OutboxReport {
  const db = openForReading(path);
  try {
    const row = db
      .prepare(
        `SELECT count(*) FILTER (WHERE unsent IS NOT NULL AND visible_at <= :now) AS due,
                count(*) FILTER (WHERE unsent IS NOT NULL AND visible_at > :now) AS later,
                count(*) FILTER (WHERE buried_at IS NOT NULL) AS buried,
                min(visible_at) FILTER (WHERE unsent IS NOT NULL) AS oldest
         FROM outbox`,
      )
      .get({ now });
    const due = Number(row?.['due']);
    const oldestDueMs = due === 0 ? 0 : now - Number(row?.['oldest']);
    return { due, later: Number(row?.['later']), buried: Number(row?.['buried']), oldestDueMs };
  } catch (error) {
    throw storeErrors.notOpened({ path, reason: reasonOf(error) }, { cause: error });
  } finally {
    db.close();
  }
}
