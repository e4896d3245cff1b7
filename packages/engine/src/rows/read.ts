import {
  type CallOptions,
  type Row,
  type RowKey,
  readRow,
  type Store,
  type StoreQuery,
  type TableName,
} from '@polar-gosling/ports/store';
import type { z } from 'zod';

/** A table and the type of its rows, so that a read says once what it expects. */
export interface TypedTable<Schema extends z.ZodType> {
  readonly table: TableName;
  readonly schema: Schema;
}

type Key = Omit<RowKey, 'table'>;

/** One row by key, consistently. */
export async function getRow<Schema extends z.ZodType>(
  store: Store,
  from: TypedTable<Schema> & { readonly key: Key },
  options: CallOptions,
): Promise<z.infer<Schema> | undefined> {
  const [row] = await store.get([{ table: from.table, ...from.key }], options);
  return row && readRow(from.schema, from.table, row);
}

const keysAtOnce = 100;

/** Many rows of one table by key, consistently; missing ones are left out. */
export async function getRows<Schema extends z.ZodType>(
  store: Store,
  from: TypedTable<Schema> & { readonly keys: readonly Key[] },
  options: CallOptions,
): Promise<z.infer<Schema>[]> {
  const found: z.infer<Schema>[] = [];
  for (let at = 0; at < from.keys.length; at += keysAtOnce) {
    const keys = from.keys.slice(at, at + keysAtOnce).map((key) => ({ table: from.table, ...key }));
    for (const row of await store.get(keys, options)) {
      if (row) found.push(readRow(from.schema, from.table, row));
    }
  }
  return found;
}

/** One page, typed. */
export async function listPage<Schema extends z.ZodType>(
  store: Store,
  from: TypedTable<Schema> & { readonly query: Omit<StoreQuery, 'table'> },
  options: CallOptions,
): Promise<{ items: z.infer<Schema>[]; cursor?: string }> {
  const page = await store.list({ table: from.table, ...from.query }, options);
  const items = page.items.map((row: Row) => readRow(from.schema, from.table, row));
  return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
}

/** Every row of one partition (or small table), page by page, at most `most`. */
export async function listAll<Schema extends z.ZodType>(
  store: Store,
  from: TypedTable<Schema> & { readonly query: Omit<StoreQuery, 'table' | 'cursor'>; readonly most?: number },
  options: CallOptions,
): Promise<z.infer<Schema>[]> {
  const found: z.infer<Schema>[] = [];
  const most = from.most ?? 10_000;
  let cursor: string | undefined;
  do {
    options.signal.throwIfAborted();
    const query = { limit: 500, ...from.query, ...(cursor === undefined ? {} : { cursor }) };
    const page = await listPage(store, { ...from, query }, options);
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < most);
  return found;
}
