import type { Clock, Logger } from '@polar-gosling/kernel';
import { isCoded } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import { type CallOptions, type Sealer, type Store, storeErrors } from '@polar-gosling/ports/store';
import {
  checkKey,
  checkUnit,
  createColumnCodec,
  createInFlight,
  planList,
  type StoredRows,
} from '@polar-gosling/ports/store/adapter';
import { backupTo } from './backup.ts';
import { createGroupCommit } from './group-commit.ts';
import { openInlineWriter } from './inline-writer.ts';
import { openForReading } from './open-database.ts';
import { createReader } from './reader.ts';
import { storedPage } from './stored-page.ts';
import { openThreadWriter } from './thread-writer.ts';

export interface SqliteStore extends Store, StoredRows {
  /** A whole, consistent copy while others write; replaces the file at `path`. */
  backup(path: string, options: CallOptions): Promise<void>;
  /** Problems that SQLite finds in the file; empty when it is sound. Reads all of it. */
  integrityCheck(options: CallOptions): Promise<readonly string[]>;
}

export interface SqliteStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly sealer: Sealer;
  /** Where columns over 64 KB lie. */
  readonly blobs: Blobs;
  readonly logger: Logger;
  /** `thread` (default): syncs to disk hold nothing up. `inline`: no thread, for one-shot programs and tests. */
  readonly mode?: 'thread' | 'inline';
}

/**
 * The store in one SQLite file. Fails with STORE_NOT_OPENED or STORE_NEWER_SCHEMA. Units that are committed while
 * another group is on its way to the disk share the next sync.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path, clock, logger } = options;
  const open = options.mode === 'inline' ? openInlineWriter : openThreadWriter;
  const writer = await open(path, clock.now());
  const db = openForReading(path);
  const reader = createReader(db);
  const group = createGroupCommit({ writer, clock, logger });
  const codec = createColumnCodec(options);
  const commits = createInFlight();

  return {
    async get(keys, { signal }) {
      signal.throwIfAborted();
      const checked = keys.map(checkKey);
      const rows = reading('get', () => reader.get(checked, clock.now()));
      return codec.decodeFound(checked, rows, { signal });
    },
    async list(query, { signal }) {
      signal.throwIfAborted();
      const plan = planList(query);
      const page = reading('list', () => reader.list(plan, clock.now()));
      return codec.decodePage(query.table, page, { signal });
    },
    async commit(unit, { signal }) {
      signal.throwIfAborted();
      const checked = checkUnit(unit);
      return commits.run('commit', async () => group.commit(await codec.encode(checked, { signal }), signal));
    },
    async storedPage(table, { cursor }, { signal }) {
      signal.throwIfAborted();
      return reading('a pass over all rows', () => storedPage(db, table, cursor));
    },
    async close() {
      await commits.drain();
      await group.drain();
      await writer.close();
      if (db.isOpen) db.close();
    },
    readOnly: () => group.readOnly(),
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
