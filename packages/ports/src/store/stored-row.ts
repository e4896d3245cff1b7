import type { Json } from '@polar-gosling/kernel';
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
  const columns = Object.entries(row).filter(([, value]) => value !== undefined);
  const stored: Row = Object.freeze(
    Object.fromEntries(columns.map(([name, value]) => [name, storedValue(table, name, value)])),
  );
  checkIndexColumns(table, stored);
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

function storedValue(table: TableName, column: string, value: ColumnValue | undefined): ColumnValue {
  if (value === null) {
    throw storeErrors.badUnit({ reason: `${table}.${column} is null; leave the column out` });
  }
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return storedJson(value, `${table}.${column}`);
}

function storedJson(value: unknown, where: string): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => storedJson(item ?? null, where)));
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return Object.freeze(
      Object.fromEntries(entries.map(([key, inner]) => [key.toWellFormed(), storedJson(inner, where)])),
    );
  }
  throw storeErrors.badUnit({ reason: `${where} holds something that is no JSON` });
}

function isPlainObject(value: unknown): value is object {
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
