import type { RowKey, TableName } from '@polar-gosling/ports/store';
import { tableSpec } from '@polar-gosling/ports/store/adapter';
import { keyColumnsOf, quote } from './layout.ts';

const bySql = new Map<string, string>();

export function selectRow(table: TableName): string {
  return cached(`select ${table}`, () => `SELECT doc FROM ${table} WHERE ${keyFilter(table)}`);
}

export function deleteRow(table: TableName): string {
  return cached(`delete ${table}`, () => `DELETE FROM ${table} WHERE ${keyFilter(table)}`);
}

export function upsertRow(table: TableName): string {
  return cached(`upsert ${table}`, () => {
    const key = keyColumnsOf(tableSpec(table)).map(quote);
    const marks = [...key, 'doc'].map(() => '?').join(', ');
    return (
      `INSERT INTO ${table} (${key.join(', ')}, doc) VALUES (${marks}) ` +
      `ON CONFLICT (${key.join(', ')}) DO UPDATE SET doc = excluded.doc`
    );
  });
}

/** The values for the key columns of these statements. */
export function keyValues(key: RowKey): (string | number)[] {
  return key.sort === undefined ? [key.partition] : [key.partition, key.sort];
}

function keyFilter(table: TableName): string {
  return keyColumnsOf(tableSpec(table))
    .map((column) => `${quote(column)} = ?`)
    .join(' AND ');
}

function cached(name: string, make: () => string): string {
  const known = bySql.get(name);
  if (known !== undefined) return known;
  const sql = make();
  bySql.set(name, sql);
  return sql;
}
