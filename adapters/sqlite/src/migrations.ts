import type { DatabaseSync } from 'node:sqlite';
import { storeErrors } from '@polar-gosling/ports/store/adapter';
import { ensureLayout } from './layout.ts';
import { decodeRow, encodeRow } from './row-codec.ts';

/** One step of the data; steps are only ever added, and the layout is brought up to date before them. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  up(db: DatabaseSync): void;
}

const migrations: readonly Migration[] = [{ number: 1, name: 'first tables', up: () => undefined }];

export const newestMigration = Math.max(...migrations.map(({ number }) => number));
const rowName = 'database';

/**
 * Brings the database to this release, all steps or none; STORE_NEWER_SCHEMA when it is ahead of it, and then nothing
 * is touched. `steps` are those of this release where nothing else is given.
 */
export function migrate(
  db: DatabaseSync,
  options: { path: string; nowMs: number; steps?: readonly Migration[] },
): void {
  const { steps = migrations } = options;
  const newest = Math.max(...steps.map(({ number }) => number));
  db.exec('BEGIN IMMEDIATE');
  try {
    const found = currentMigration(db);
    if (found > newest) throw storeErrors.newerSchema({ found, known: newest, path: options.path });
    ensureLayout(db);
    const due = steps.filter(({ number }) => number > found).toSorted((a, b) => a.number - b.number);
    for (const migration of due) migration.up(db);
    if (found < newest) recordMigration(db, newest, options.nowMs);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

export function currentMigration(db: DatabaseSync): number {
  const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema'").get();
  if (table === undefined) return 0;
  const stored = db.prepare('SELECT doc FROM schema WHERE name = ?').get(rowName);
  return stored === undefined ? 0 : Number(decodeRow(String(stored['doc']))['migration']);
}

function recordMigration(db: DatabaseSync, newest: number, nowMs: number): void {
  const doc = encodeRow({
    name: rowName,
    migration: newest,
    written_by: 'polar-gosling',
    version: newest,
    updated_at: nowMs,
  });
  db.prepare('INSERT OR REPLACE INTO schema (name, doc) VALUES (?, ?)').run(rowName, doc);
}
