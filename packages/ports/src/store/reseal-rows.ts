import type { Blobs } from '../blobs/blobs.ts';
import type { CallOptions } from '../call.ts';
import { readMoved } from './big-columns.ts';
import { storeErrors } from './errors.ts';
import { keyOfRow, keyText } from './row-key.ts';
import { sealedColumns } from './sealed-columns.ts';
import type { Row, RowKey, Store } from './store.ts';
import type { StoredRows } from './stored-rows.ts';
import { type TableName, tableSpec, tables } from './tables.ts';

export interface ResealDeps {
  readonly store: Pick<Store, 'get' | 'commit'> & StoredRows;
  readonly blobs: Blobs;
  /** Was this sealed with the key that is in force? Asked with the sealed bytes as they lie. */
  isCurrent(sealed: Uint8Array): boolean;
  /** Told between two pages: may fail to end the pass. */
  readonly onPage?: (options: CallOptions) => Promise<void>;
}

const attempts = 8;

/**
 * Looks at every sealed column of the store and writes again what was sealed with another key than the one in force, in
 * its place and only if the row has not changed meanwhile. Answers how many rows that were: 0 from a whole pass says
 * that no other key is in use. Beside other writers; safe to break off anywhere and to repeat. A column that does not
 * open ends it with the code that names it.
 */
export async function resealRows(deps: ResealDeps, options: CallOptions): Promise<number> {
  let count = 0;
  for (const table of Object.keys(tables) as TableName[]) {
    if (tableSpec(table).sealed === undefined) continue;
    for await (const row of storedRows(deps, table, options)) {
      if (!(await isOutdated(deps, { table, row }, options))) continue;
      if (await resealRow(deps, keyOfRow(table, row), options)) count++;
    }
  }
  return count;
}

async function* storedRows(deps: ResealDeps, table: TableName, options: CallOptions): AsyncGenerator<Row> {
  let cursor: string | undefined;
  do {
    options.signal.throwIfAborted();
    const page = await deps.store.storedPage(table, { cursor }, options);
    yield* page.items;
    await deps.onPage?.(options);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function isOutdated(
  deps: ResealDeps,
  { table, row }: { table: TableName; row: Row },
  options: CallOptions,
): Promise<boolean> {
  for (const column of sealedColumns(table, row)) {
    const value = row[column];
    const bytes = value instanceof Uint8Array ? value : await readMoved(deps.blobs, value, options);
    if (bytes === undefined || !deps.isCurrent(bytes)) return true;
  }
  return false;
}

async function resealRow(deps: ResealDeps, key: RowKey, options: CallOptions): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [row] = await deps.store.get([key], options);
    if (row === undefined) return false;
    const columns = sealedColumns(key.table, row);
    if (columns.length === 0) return false;
    const set: Row = Object.fromEntries(columns.map((column) => [column, row[column]]));
    const when = { kind: 'version', version: Number(row['version']) } as const;
    const outcome = await deps.store.commit([{ kind: 'update', key, set, when }], options);
    if (outcome.kind === 'ok') return true;
  }
  throw storeErrors.contended({ what: keyText(key), attempts });
}
