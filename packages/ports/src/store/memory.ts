import type { Clock } from '@polar-gosling/kernel';
import { applyWrite, type Effect } from './apply-write.ts';
import { checkUnit } from './check-unit.ts';
import { compareKeys } from './compare-keys.ts';
import { encodeCursor, type ListPlan, planList } from './list-plan.ts';
import { checkKey, keyOfWrite, keyText } from './row-key.ts';
import type { CommitResult, Page, Row, RowKey, Store, Unit } from './store.ts';
import { isExpired } from './stored-row.ts';
import type { StoredRows } from './stored-rows.ts';
import { type TableName, tables } from './tables.ts';

/** The reference implementation of `Store`: says what the port means. Keeps nothing when the process ends. */
export function createMemoryStore(deps: { clock: Clock }): Store & StoredRows {
  const rows = new Map<TableName, Map<string, Row>>();
  for (const table of Object.keys(tables)) rows.set(table as TableName, new Map());
  const tableRows = (table: TableName) => rows.get(table) ?? new Map<string, Row>();

  const find = (key: RowKey): Row | undefined => {
    const row = tableRows(key.table).get(keyText(key));
    return row === undefined || isExpired(key.table, row, deps.clock.now()) ? undefined : row;
  };

  const write = (key: RowKey, effect: Effect): void => {
    if (effect.kind === 'put') tableRows(key.table).set(keyText(key), effect.row);
    if (effect.kind === 'delete') tableRows(key.table).delete(keyText(key));
  };

  const commit = (unit: Unit): CommitResult => {
    const nowMs = deps.clock.now();
    const effects = checkUnit(unit).map((item) => {
      const key = keyOfWrite(item);
      return { key, effect: applyWrite(find(key), item, nowMs) };
    });
    const item = effects.findIndex(({ effect }) => effect.kind === 'conflict');
    if (item >= 0) return { kind: 'conflict', item };
    for (const { key, effect } of effects) write(key, effect);
    return { kind: 'ok' };
  };

  const list = (plan: ListPlan): Page<Row> => {
    const nowMs = deps.clock.now();
    const found = [...tableRows(plan.table).values()]
      .filter((row) => !isExpired(plan.table, row, nowMs) && isInQuery(plan, row))
      .toSorted((a, b) => comparePlaces(plan, placeOf(plan, a), placeOf(plan, b)));
    const { after } = plan;
    const rest = after ? found.filter((row) => comparePlaces(plan, placeOf(plan, row), after) > 0) : found;
    const items = rest.slice(0, plan.limit);
    const last = items.at(-1);
    const hasMore = rest.length > items.length && last !== undefined;
    return {
      items: items.map(copyOf),
      ...(hasMore ? { cursor: encodeCursor(placeOf(plan, last)) } : {}),
    };
  };

  return {
    async get(keys, options) {
      options.signal.throwIfAborted();
      return keys.map((key) => {
        const row = find(checkKey(key));
        return row && copyOf(row);
      });
    },
    async list(query, options) {
      options.signal.throwIfAborted();
      return list(planList(query));
    },
    async commit(unit, options) {
      options.signal.throwIfAborted();
      return commit(unit);
    },
    async storedPage(table, _at, options) {
      options.signal.throwIfAborted();
      return { items: [...tableRows(table).values()] };
    },
    readOnly: () => undefined,
    async close() {
      // Nothing is open.
    },
  };
}

function isInQuery(plan: ListPlan, row: Row): boolean {
  if (plan.where !== undefined && row[plan.where.column] !== plan.where.value) return false;
  if (plan.required.some((column) => row[column] === undefined)) return false;
  const [first] = placeOf(plan, row);
  if (first === undefined) return true;
  const isTooEarly = plan.from !== undefined && compareKeys(first, plan.from) < 0;
  const isTooLate = plan.to !== undefined && compareKeys(first, plan.to) > 0;
  return !isTooEarly && !isTooLate;
}

function placeOf(plan: ListPlan, row: Row): (string | number)[] {
  return plan.order.map((column) => {
    const value = row[column];
    return typeof value === 'number' ? value : String(value);
  });
}

function comparePlaces(
  plan: ListPlan,
  a: readonly (string | number)[],
  b: readonly (string | number)[],
): number {
  for (const [place, left] of a.entries()) {
    const difference = compareKeys(left, b[place] ?? '');
    if (difference !== 0) return plan.isDescending ? -difference : difference;
  }
  return 0;
}

/** The stored row is frozen; only bytes cannot be, so the caller gets their copy. */
function copyOf(row: Row): Row {
  const hasBytes = Object.values(row).some((value) => value instanceof Uint8Array);
  if (!hasBytes) return row;
  const columns = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? new Uint8Array(value) : value,
  ]);
  return Object.freeze(Object.fromEntries(columns));
}
