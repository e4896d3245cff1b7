import type { DatabaseSync } from 'node:sqlite';
import type { Page, Row, TableName } from '@polar-gosling/ports/store';
import { tableSpec } from '@polar-gosling/ports/store/adapter';
import { keyColumnsOf, quote } from './layout.ts';
import { decodeRow } from './row-codec.ts';

const pageRows = 200;

/** One page of all rows of a table in the order of their keys, as they lie in the file. */
export function storedPage(db: DatabaseSync, table: TableName, cursor: string | undefined): Page<Row> {
  const names = keyColumnsOf(tableSpec(table));
  const key = names.map(quote).join(', ');
  const after: (string | number)[] = cursor === undefined ? [] : JSON.parse(cursor);
  const where = after.length === 0 ? '' : ` WHERE (${key}) > (${names.map(() => '?').join(', ')})`;
  const sql = `SELECT doc FROM ${table}${where} ORDER BY ${key} LIMIT ${pageRows}`;
  const items = db
    .prepare(sql)
    .all(...after)
    .map((found) => decodeRow(String(found['doc'])));
  const last = items.at(-1);
  if (items.length < pageRows || last === undefined) return { items };
  return { items, cursor: JSON.stringify(names.map((name) => last[name])) };
}
