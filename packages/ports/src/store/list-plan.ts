import { storeErrors } from './errors.ts';
import { requireKeyValue } from './row-key.ts';
import type { StoreQuery } from './store.ts';
import { type TableName, tableSpec } from './tables.ts';

/** A query, checked, in the words that an engine needs. */
export interface ListPlan {
  readonly table: TableName;
  readonly index?: string;
  /** The column and value that rows must have; absent: the whole table. */
  readonly where?: { readonly column: string; readonly value: string };
  /** Columns that a row must have to be in the index. */
  readonly required: readonly string[];
  /** The order of the rows; their values name one row within the query. */
  readonly order: readonly string[];
  readonly isDescending: boolean;
  /** Bounds on the first column of `order`. */
  readonly from?: string | number;
  readonly to?: string | number;
  readonly limit: number;
  /** Values of `order` of the last row already given. */
  readonly after?: readonly (string | number)[];
}

const defaultLimit = 100;
const maxLimit = 1_000;

/** Checks a query: STORE_BAD_UNIT for one that no engine answers, STORE_BAD_CURSOR for a foreign cursor. */
export function planList(query: StoreQuery): ListPlan {
  const spec = tableSpec(query.table);
  const index = query.index === undefined ? undefined : spec.indexes[query.index];
  if (query.index !== undefined && index === undefined) {
    throw storeErrors.badUnit({ reason: `${query.table} has no index ${query.index}` });
  }
  const { partition, sort, sortType = 's' } = index ?? spec;
  const key = [spec.partition, ...(spec.sort === undefined ? [] : [spec.sort])];
  const sortColumns = sort === undefined ? [] : [sort];
  const isScan = query.partition === undefined;
  if (isScan && (index !== undefined || spec.scan !== true)) {
    throw storeErrors.badUnit({ reason: `${query.table} is read by key or index, never whole` });
  }
  const order = isScan ? key : [...new Set([...sortColumns, ...key])].filter((name) => name !== partition);
  return {
    table: query.table,
    ...(query.index === undefined ? {} : { index: query.index }),
    ...(isScan ? {} : { where: { column: partition, value: partitionValue(query, partition) } }),
    required: index === undefined ? [] : sortColumns,
    order,
    isDescending: query.order === 'desc',
    ...bounds(query, isScan ? undefined : sort, sortType),
    limit: limitOf(query),
    ...(query.cursor === undefined ? {} : { after: decodeCursor(query.cursor, order.length) }),
  };
}

/** An opaque text for the place after a row. */
export function encodeCursor(place: readonly (string | number)[]): string {
  return encodeURIComponent(JSON.stringify(place));
}

function decodeCursor(cursor: string, length: number): (string | number)[] {
  const place = parseCursor(cursor);
  const isPlace = Array.isArray(place) && place.length === length && place.every(isKeyValue);
  if (!isPlace) throw storeErrors.badCursor({});
  return place;
}

function parseCursor(cursor: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(cursor));
  } catch (error) {
    throw storeErrors.badCursor({}, { cause: error });
  }
}

function isKeyValue(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function partitionValue(query: StoreQuery, column: string): string {
  return String(requireKeyValue({ table: query.table, column, type: 's' }, query.partition));
}

function bounds(
  query: StoreQuery,
  sort: string | undefined,
  type: 's' | 'n',
): { from?: string | number; to?: string | number } {
  const given = { from: query.from, to: query.to };
  const found: { from?: string | number; to?: string | number } = {};
  for (const side of ['from', 'to'] as const) {
    const value = given[side];
    if (value === undefined) continue;
    if (sort === undefined) throw storeErrors.badUnit({ reason: `${query.table}: bounds need a sort key` });
    const isRightType = typeof value === (type === 'n' ? 'number' : 'string');
    if (!isRightType) throw storeErrors.badUnit({ reason: `${query.table}.${sort}: bound of another type` });
    found[side] = value;
  }
  return found;
}

function limitOf(query: StoreQuery): number {
  const limit = query.limit ?? defaultLimit;
  if (!Number.isInteger(limit) || limit < 1) throw storeErrors.badUnit({ reason: `a page of ${limit} rows` });
  return Math.min(limit, maxLimit);
}
