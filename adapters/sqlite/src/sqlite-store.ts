import type { Clock, Logger } from '@polar-gosling/kernel';
import { isCoded } from '@polar-gosling/kernel';
import { type CallOptions, type Sealer, type Store, storeErrors } from '@polar-gosling/ports/store';
import { checkKey, checkUnit, planList } from '@polar-gosling/ports/store/adapter';
import { backupTo } from './backup.ts';
import { createGroupCommit } from './group-commit.ts';
import { openInlineWriter } from './inline-writer.ts';
import { openForReading } from './open-database.ts';
import { createReader } from './reader.ts';
import { openRow, sealUnit } from './sealed-columns.ts';
import { openThreadWriter } from './thread-writer.ts';

export interface SqliteStore extends Store {
  /** A whole, consistent copy while others write; replaces the file at `path`. */
  backup(path: string, options: CallOptions): Promise<void>;
  /** Problems that SQLite finds in the file; empty when it is sound. Reads all of it. */
  integrityCheck(options: CallOptions): Promise<readonly string[]>;
  /** Writes have been refused for a while (disk full, rights); it ends by itself. */
  isReadOnly(): boolean;
}

export interface SqliteStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly logger: Logger;
  /** `thread` (default): syncs to disk hold nothing up. `inline`: no thread, for one-shot programs and tests. */
  readonly mode?: 'thread' | 'inline';
}

/**
 * The store in one SQLite file. Fails with STORE_NOT_OPENED or STORE_NEWER_SCHEMA. Units that are committed while
 * another group is on its way to the disk share the next sync.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path, clock, sealer, logger } = options;
  const open = options.mode === 'inline' ? openInlineWriter : openThreadWriter;
  const writer = await open(path, clock.now());
  const db = openForReading(path);
  const reader = createReader(db);
  const group = createGroupCommit({ writer, clock, logger });

  return {
    async get(keys, { signal }) {
      signal.throwIfAborted();
      const checked = keys.map(checkKey);
      const rows = reading('get', () => reader.get(checked, clock.now()));
      return rows.map((row, place) => {
        const key = checked[place];
        return row && key && openRow(sealer, key.table, row);
      });
    },
    async list(query, { signal }) {
      signal.throwIfAborted();
      const plan = planList(query);
      const page = reading('list', () => reader.list(plan, clock.now()));
      return { ...page, items: page.items.map((row) => openRow(sealer, query.table, row)) };
    },
    async commit(unit, { signal }) {
      signal.throwIfAborted();
      return group.commit(sealUnit(sealer, checkUnit(unit)), signal);
    },
    async close() {
      await group.drain();
      await writer.close();
      if (db.isOpen) db.close();
    },
    isReadOnly: () => group.isReadOnly(),
    async backup(target, { signal }) {
      signal.throwIfAborted();
      await backupTo(path, target);
    },
    async integrityCheck({ signal }) {
      signal.throwIfAborted();
      const rows = reading('integrity check', () => db.prepare('PRAGMA integrity_check').all());
      return rows.map((row) => String(row['integrity_check'])).filter((text) => text !== 'ok');
    },
  };
}

function reading<Result>(op: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (isCoded(error)) throw error;
    throw storeErrors.unavailable({ op }, { cause: error });
  }
}
