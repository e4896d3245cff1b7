import { isCoded, type Json } from '@polar-gosling/kernel';
import { storeErrors } from './errors.ts';
import { mostRowBytes, rowBytes } from './row-bytes.ts';
import { keyOfRow, keyText, requireKeyValue } from './row-key.ts';
import { type ColumnValue, maxRowBytes, type Row } from './store.ts';
import { type TableName, tableSpec } from './tables.ts';

/**
 * A row as every engine keeps it: copied, frozen, `undefined` left out, text well-formed; refused where some
 * engine could not keep it (null, NaN, objects that are no JSON, wrong key types, too big).
 */
export function toStoredRow(table: TableName, row: Row): Row {
  const stored: Record<string, ColumnValue> = {};
  try {
    // No entries and no arrays in between: every write of every row comes here.
    for (const column of Object.keys(row)) {
      const value = row[column];
      if (value !== undefined) setOwn(stored, column, storedValue(table, column, value));
    }
    checkIndexColumns(table, stored);
  } catch (error) {
    throw namingRow(table, row, error);
  }
  return checkRowBytes(table, Object.freeze(stored));
}

/** The same failure with the row's key, where it has one that can be told. */
function namingRow(table: TableName, row: Row, error: unknown): unknown {
  if (!isCoded(error, 'STORE_BAD_UNIT')) return error;
  try {
    return storeErrors.badUnit({
      reason: `${String(error.params['reason'])}, in ${keyText(keyOfRow(table, row))}`,
    });
  } catch {
    return error;
  }
}

/** The row, which is as stored already; refused where it is too big. */
export function checkRowBytes(table: TableName, stored: Row): Row {
  if (mostRowBytes(stored) <= maxRowBytes) return stored;
  const bytes = rowBytes(stored);
  if (bytes > maxRowBytes) {
    throw storeErrors.itemTooBig({ key: keyText(keyOfRow(table, stored)), bytes });
  }
  return stored;
}

/** Is this row past its end? Such a row is gone, whether or not the engine removed it. */
export function isExpired(table: TableName, row: Row, nowMs: number): boolean {
  const { expires } = tableSpec(table);
  const endsAt = expires === undefined ? undefined : row[expires];
  return typeof endsAt === 'number' && endsAt < nowMs;
}

function storedValue(table: TableName, column: string, value: ColumnValue): ColumnValue {
  if (value === null) {
    throw storeErrors.badUnit({ reason: `${table}.${column} is null; leave the column out` });
  }
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return storedJson(value, table, column);
}

function storedJson(value: unknown, table: TableName, column: string): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (Array.isArray(value))
    return Object.freeze(value.map((item) => storedJson(item ?? null, table, column)));
  if (isPlainObject(value)) {
    const stored: Record<string, Json> = {};
    for (const key of Object.keys(value)) {
      if (value[key] !== undefined) setOwn(stored, key.toWellFormed(), storedJson(value[key], table, column));
    }
    return Object.freeze(stored);
  }
  throw storeErrors.badUnit({ reason: `${table}.${column} holds something that is no JSON` });
}

/** An assignment to `__proto__` would set the prototype instead. */
function setOwn<Value>(target: Record<string, Value>, key: string, value: Value): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function checkIndexColumns(table: TableName, row: Row): void {
  for (const index of Object.values(tableSpec(table).indexes)) {
    const partition = row[index.partition];
    if (partition !== undefined) requireKeyValue({ table, column: index.partition, type: 's' }, partition);
    if (index.sort === undefined || row[index.sort] === undefined) continue;
    requireKeyValue({ table, column: index.sort, type: index.sortType ?? 's' }, row[index.sort]);
  }
}
