import { storeErrors } from './errors.ts';
import { maxKeyBytes, type Row, type RowKey, type Write } from './store.ts';
import { type TableName, type TableSpec, tableSpec } from './tables.ts';

/** The row that a write is about. */
export function keyOfWrite(write: Write): RowKey {
  return write.kind === 'put' ? keyOfRow(write.table, write.row) : write.key;
}

/** The key of a row, from its key columns; STORE_BAD_UNIT when one is missing or of another type. */
export function keyOfRow(table: TableName, row: Row): RowKey {
  const spec = tableSpec(table);
  const partition = requireText(table, spec.partition, row[spec.partition]);
  if (spec.sort === undefined) return { table, partition };
  return { table, partition, sort: requireSort(table, spec, row[spec.sort]) };
}

/** Checks a key given by a caller and answers it in the form that is stored. */
export function checkKey(key: RowKey): RowKey {
  const spec = tableSpec(key.table);
  if (spec === undefined) throw storeErrors.badUnit({ reason: `there is no table ${key.table}` });
  const partition = requireText(key.table, spec.partition, key.partition);
  if (spec.sort !== undefined) {
    return { table: key.table, partition, sort: requireSort(key.table, spec, key.sort) };
  }
  if (key.sort !== undefined) throw storeErrors.badUnit({ reason: `${key.table} has no sort key` });
  return { table: key.table, partition };
}

/** The key columns of a key, as columns. */
export function keyColumns(key: RowKey): Row {
  const spec = tableSpec(key.table);
  return Object.fromEntries([
    [spec.partition, key.partition],
    ...(spec.sort === undefined ? [] : [[spec.sort, key.sort]]),
  ]);
}

/** One text per key: equal keys give equal text, and it can be shown to a person. */
export function keyText(key: RowKey): string {
  const parts = key.sort === undefined ? [key.partition] : [key.partition, key.sort];
  return `${key.table} ${JSON.stringify(parts)}`;
}

/** Refuses a value that cannot stand in a key or an index on every engine; answers it as stored. */
export function requireKeyValue(
  where: { table: string; column: string; type: 's' | 'n' },
  value: unknown,
): string | number {
  if (where.type === 's') return requireText(where.table, where.column, value);
  if (typeof value === 'number' && isKeyNumber(value)) return value;
  throw storeErrors.badUnit({ reason: `${where.table}.${where.column} is a key and must be a number` });
}

function requireSort(table: TableName, spec: TableSpec, value: unknown): string | number {
  return requireKeyValue({ table, column: spec.sort ?? '', type: spec.sortType ?? 's' }, value);
}

/** DynamoDB keeps no number that is nearer to 0 or further from it. */
function isKeyNumber(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-130 && size < 1e126);
}

function requireText(table: string, column: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw storeErrors.badUnit({
      reason: `${table}.${column} is a key and must be a text, not empty, without NUL`,
    });
  }
  const text = value.toWellFormed();
  if (text.length > maxKeyBytes / 4 && new TextEncoder().encode(text).length > maxKeyBytes) {
    throw storeErrors.badUnit({
      reason: `${table}.${column} is a key and must be under ${maxKeyBytes} bytes`,
    });
  }
  return text;
}
