import type { DatabaseSync } from 'node:sqlite';
import { type Page, type Row, type RowKey, tableSpec } from '@polar-gosling/ports/store';
import { encodeCursor, isExpired, type ListPlan } from '@polar-gosling/ports/store/adapter';
import { quote } from './layout.ts';
import { decodeRow } from './row-codec.ts';
import { keyValues, selectRow } from './row-statements.ts';
import { createStatements } from './statements.ts';

export interface Reader {
  /** All rows as of one moment. */
  get(keys: readonly RowKey[], nowMs: number): readonly (Row | undefined)[];
  list(plan: ListPlan, nowMs: number): Page<Row>;
}

export function createReader(db: DatabaseSync): Reader {
  const statement = createStatements(db);
  const find = (key: RowKey, nowMs: number): Row | undefined => {
    const found = statement(selectRow(key.table)).get(...keyValues(key));
    if (found === undefined) return undefined;
    const row = decodeRow(String(found['doc']));
    return isExpired(key.table, row, nowMs) ? undefined : row;
  };
  return {
    get(keys, nowMs) {
      if (keys.length < 2) return keys.map((key) => find(key, nowMs));
      statement('BEGIN').run();
      try {
        return keys.map((key) => find(key, nowMs));
      } finally {
        statement('COMMIT').run();
      }
    },
    list(plan, nowMs) {
      const { sql, values } = selectPage(plan, nowMs);
      const rows = statement(sql).all(...values);
      const items = rows.slice(0, plan.limit).map((found) => decodeRow(String(found['doc'])));
      const last = items.at(-1);
      if (rows.length <= plan.limit || last === undefined) return { items };
      return { items, cursor: encodeCursor(plan.order.map((column) => last[column] as string | number)) };
    },
  };
}

function selectPage(plan: ListPlan, nowMs: number): { sql: string; values: (string | number)[] } {
  const filters: string[] = [];
  const values: (string | number)[] = [];
  const filter = (text: string, ...more: (string | number)[]) => {
    filters.push(text);
    values.push(...more);
  };
  const order = plan.order.map(quote);
  const [first] = order;
  const { expires } = tableSpec(plan.table);
  if (plan.where !== undefined) filter(`${quote(plan.where.column)} = ?`, plan.where.value);
  for (const column of plan.required) filter(`${quote(column)} IS NOT NULL`);
  if (plan.from !== undefined) filter(`${first} >= ?`, plan.from);
  if (plan.to !== undefined) filter(`${first} <= ?`, plan.to);
  if (plan.after !== undefined && plan.after.length > 0) {
    const marks = order.map(() => '?').join(', ');
    filter(`(${order.join(', ')}) ${plan.isDescending ? '<' : '>'} (${marks})`, ...plan.after);
  }
  if (expires !== undefined) filter(`(${quote(expires)} IS NULL OR ${quote(expires)} >= ?)`, nowMs);
  const where = filters.length === 0 ? '' : ` WHERE ${filters.join(' AND ')}`;
  const direction = plan.isDescending ? ' DESC' : '';
  const by = order.length === 0 ? '' : ` ORDER BY ${order.map((column) => column + direction).join(', ')}`;
  return { sql: `SELECT doc FROM ${plan.table}${where}${by} LIMIT ?`, values: [...values, plan.limit + 1] };
}
