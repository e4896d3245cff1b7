import type { DatabaseSync } from 'node:sqlite';
import { type TableName, type TableSpec, tableSpec, tables } from '@polar-gosling/ports/store/adapter';

/**
 * How the logical tables lie in SQLite: the key columns, the row as JSON in `doc`, and one virtual column per index
 * column, computed from `doc`. So what an older or newer release writes is indexed all the same, and columns that a
 * release does not know pass through it.
 */
export function ensureLayout(db: DatabaseSync): void {
  for (const table of tableNames()) {
    const spec = tableSpec(table);
    db.exec(createTable(table, spec));
    const known = new Set(
      db
        .prepare(`PRAGMA table_xinfo(${table})`)
        .all()
        .map((column) => column['name']),
    );
    for (const [column, type] of virtualColumns(spec)) {
      if (!known.has(column)) db.exec(`ALTER TABLE ${table} ADD COLUMN ${virtualColumn(column, type)}`);
    }
    for (const statement of createIndexes(table, spec)) db.exec(statement);
  }
}

export function tableNames(): readonly TableName[] {
  return Object.keys(tables) as TableName[];
}

export function keyColumnsOf(spec: TableSpec): readonly string[] {
  return spec.sort === undefined ? [spec.partition] : [spec.partition, spec.sort];
}

function createTable(table: TableName, spec: TableSpec): string {
  const sort = spec.sort === undefined ? [] : [`${quote(spec.sort)} ${sqlType(spec.sortType)} NOT NULL`];
  const key = keyColumnsOf(spec).map(quote).join(', ');
  const columns = [
    `${quote(spec.partition)} TEXT NOT NULL`,
    ...sort,
    'doc TEXT NOT NULL',
    ...[...virtualColumns(spec)].map(([column, type]) => virtualColumn(column, type)),
    `PRIMARY KEY (${key})`,
  ];
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`;
}

function virtualColumns(spec: TableSpec): ReadonlyMap<string, 'TEXT' | 'REAL'> {
  const columns = new Map<string, 'TEXT' | 'REAL'>();
  const key = keyColumnsOf(spec);
  for (const index of Object.values(spec.indexes)) {
    columns.set(index.partition, 'TEXT');
    if (index.sort !== undefined) columns.set(index.sort, sqlType(index.sortType));
  }
  if (spec.expires !== undefined) columns.set(spec.expires, 'REAL');
  for (const column of key) columns.delete(column);
  return columns;
}

function virtualColumn(column: string, type: string): string {
  return `${quote(column)} ${type} GENERATED ALWAYS AS (json_extract(doc, '$.c.${column}')) VIRTUAL`;
}

function createIndexes(table: TableName, spec: TableSpec): string[] {
  const key = keyColumnsOf(spec);
  const indexes = Object.values(spec.indexes).map(({ partition, sort }) => {
    const own = sort === undefined ? [partition] : [partition, sort];
    return createIndex(table, { columns: [...new Set([...own, ...key])], required: own });
  });
  if (spec.expires === undefined) return indexes;
  return [...indexes, createIndex(table, { columns: [spec.expires], required: [spec.expires] })];
}

/** Named by its columns, so that another set of columns is another index. */
function createIndex(
  table: TableName,
  index: { columns: readonly string[]; required: readonly string[] },
): string {
  const name = [table, 'by', ...index.columns].join('_');
  const columns = index.columns.map(quote).join(', ');
  const filter = index.required.map((column) => `${quote(column)} IS NOT NULL`).join(' AND ');
  return `CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${columns}) WHERE ${filter}`;
}

function sqlType(type: 's' | 'n' | undefined): 'TEXT' | 'REAL' {
  return type === 'n' ? 'REAL' : 'TEXT';
}

export function quote(name: string): string {
  return `"${name}"`;
}
