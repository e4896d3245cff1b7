import type { DatabaseSync } from 'node:sqlite';
import { type CallOptions, type Row, type RowKey, type Store, storeErrors } from '@polar-gosling/ports/store';
import { type TableName, tableSpec, tables } from '@polar-gosling/ports/store/adapter';

const attempts = 5;

/**
 * Writes every sealed column again, with the key that seals now. Safe to repeat and to break off: a row is sealed with
 * one key or the other. Answers how many rows there were.
 */
export async function resealRows(
  db: DatabaseSync,
  store: Pick<Store, 'get' | 'commit'>,
  options: CallOptions,
): Promise<number> {
  let count = 0;
  for (const table of Object.keys(tables) as TableName[]) {
    const { partition, sealed = [] } = tableSpec(table);
    if (sealed.length === 0) continue;
    const rows = db.prepare(`SELECT "${partition}" AS key FROM "${table}"`).all();
    for (const { key } of rows) {
      options.signal.throwIfAborted();
      if (await resealRow(store, { table, partition: String(key) }, options)) count++;
    }
  }
  return count;
}

async function resealRow(
  store: Pick<Store, 'get' | 'commit'>,
  key: RowKey,
  options: CallOptions,
): Promise<boolean> {
  const { sealed = [] } = tableSpec(key.table);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [row] = await store.get([key], options);
    if (row === undefined) return false;
    const present = sealed.filter((column) => row[column] !== undefined);
    if (present.length === 0) return false;
    const set: Row = Object.fromEntries(present.map((column) => [column, row[column]]));
    const when = { kind: 'version', version: Number(row['version']) } as const;
    const outcome = await store.commit([{ kind: 'update', key, set, when }], options);
    if (outcome.kind === 'ok') return true;
  }
  throw storeErrors.unavailable({ op: 'seal again' });
}
