import type { ColumnValue, Row, RowKey, TableName } from '@polar-gosling/ports/store';
import { keyColumns } from '@polar-gosling/ports/store/adapter';
import type { AttributeValue } from './sdk.ts';

export type Item = Record<string, AttributeValue>;

/** Attributes that begin so are this adapter's own. */
export const own = 'x_';
/** Which commit wrote the row: how one whose answer was lost finds out what became of it. */
export const txAttribute = `${own}tx`;
/** The row's end in s, rounded up: what the engine's clean-up goes by. */
export const ttlAttribute = `${own}ttl`;

/**
 * A row as an item: text, numbers, booleans and bytes as the engine has them, all else as JSON under `j`; so an
 * attribute of type M is always such JSON.
 */
export function toItem(row: Row): Item {
  const item: [string, AttributeValue][] = [];
  for (const [column, value] of Object.entries(row)) {
    if (value !== undefined) item.push([attributeOf(column), toAttribute(value)]);
  }
  return Object.fromEntries(item);
}

export function fromItem(item: Item): Row {
  const columns = Object.entries(item).filter(([name]) => !name.startsWith(own));
  return Object.fromEntries(columns.map(([name, value]) => [columnOf(name), fromAttribute(value)]));
}

export function toKey(key: RowKey): Item {
  return toItem(keyColumns(key));
}

/** The name of a column's attribute: ours, and `__proto__`, which the SDK cannot keep, stand behind a `~`. */
export function attributeOf(column: string): string {
  const isTaken = column.startsWith(own) || column.startsWith('~') || column === '__proto__';
  return isTaken ? `~${column}` : column;
}

export function toAttribute(value: ColumnValue): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number' && isNumberOfEngine(value)) return { N: String(value) };
  if (value instanceof Uint8Array) return { B: value };
  return { M: { j: { S: JSON.stringify(value) } } };
}

export function ttlOf(endsAtMs: number): AttributeValue {
  return { N: String(Math.ceil(endsAtMs / 1_000)) };
}

/** The physical name of a table. */
export type TableNames = (table: TableName) => string;

function columnOf(name: string): string {
  return name.startsWith('~') ? name.slice(1) : name;
}

function fromAttribute(value: AttributeValue): ColumnValue {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.B !== undefined) return new Uint8Array(value.B);
  return JSON.parse(value.M?.['j']?.S ?? 'null');
}

function isNumberOfEngine(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-130 && size < 1e125);
}
