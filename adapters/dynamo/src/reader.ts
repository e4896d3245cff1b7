import { type Clock, mapLimit } from '@polar-gosling/kernel';
import { type Page, type Row, type RowKey, storeErrors, type TableName } from '@polar-gosling/ports/store';
import {
  compareKeys,
  encodeCursor,
  isExpired,
  keyOfRow,
  keyText,
  type ListPlan,
} from '@polar-gosling/ports/store/adapter';
import { fromItem, type Item, type TableNames, toKey } from './attributes.ts';
import type { Calls } from './calls.ts';
import { failureOf } from './failures.ts';
import { listingOf } from './listing.ts';
import type { Connection, QueryInput } from './sdk.ts';

export interface ReaderDeps {
  readonly connection: Connection;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly tableName: TableNames;
}

export interface Reader {
  /** The rows as they are, ended ones too; consistent. */
  getStored(keys: readonly RowKey[], signal: AbortSignal): Promise<readonly (Row | undefined)[]>;
  /** The same without ended ones. */
  get(keys: readonly RowKey[], signal: AbortSignal): Promise<readonly (Row | undefined)[]>;
  list(plan: ListPlan, signal: AbortSignal): Promise<Page<Row>>;
}

/** What one request may ask for. */
const mostKeys = 100;
const requestsAtOnce = 4;
const mostBatches = 8;

export function createReader(deps: ReaderDeps): Reader {
  const getStored: Reader['getStored'] = async (keys, signal) => {
    const distinct = [...new Map(keys.map((key) => [keyText(key), key])).values()];
    const chunks = Array.from({ length: Math.ceil(distinct.length / mostKeys) }, (_, place) =>
      distinct.slice(place * mostKeys, (place + 1) * mostKeys),
    );
    const found = await mapLimit(chunks, { limit: requestsAtOnce, signal }, (chunk, inner) =>
      chunk.length === 1 ? getOne(deps, chunk[0] as RowKey, inner) : getMany(deps, chunk, inner),
    );
    const rows = new Map(found.flat().map(({ key, row }) => [keyText(key), row]));
    return keys.map((key) => rows.get(keyText(key)));
  };
  return {
    getStored,
    async get(keys, signal) {
      const nowMs = deps.clock.now();
      const rows = await getStored(keys, signal);
      return rows.map((row, place) => {
        const table = keys[place]?.table;
        return row && table && isExpired(table, row, nowMs) ? undefined : row;
      });
    },
    list: (plan, signal) =>
      plan.where === undefined
        ? listWhole(deps, plan, signal)
        : listPartition(deps, { plan, where: plan.where }, signal),
  };
}

interface Found {
  readonly key: RowKey;
  readonly row: Row;
}

async function getOne(deps: ReaderDeps, key: RowKey, signal: AbortSignal): Promise<Found[]> {
  const answer = await deps.calls.read('get', signal, (inner) =>
    deps.connection.getItem(
      { TableName: deps.tableName(key.table), Key: toKey(key), ConsistentRead: true },
      inner,
    ),
  );
  return answer.Item === undefined ? [] : [{ key, row: fromItem(answer.Item) }];
}

async function getMany(deps: ReaderDeps, keys: readonly RowKey[], signal: AbortSignal): Promise<Found[]> {
  const tables = new Map(keys.map(({ table }) => [deps.tableName(table), table]));
  const found: Found[] = [];
  let open = byTable(keys.map((key) => [deps.tableName(key.table), toKey(key)]));
  for (let attempt = 0; open.length > 0; attempt++) {
    if (attempt > 0) await nextBatch(deps, attempt, signal);
    const asked = open.map(([name, Keys]) => [name, { Keys, ConsistentRead: true }]);
    const answer = await deps.calls.read('get', signal, (inner) =>
      deps.connection.batchGetItem({ RequestItems: Object.fromEntries(asked) }, inner),
    );
    for (const [name, items] of Object.entries(answer.Responses ?? {})) {
      const table = tables.get(name);
      if (table !== undefined) found.push(...items.map((item) => foundIn(table, item)));
    }
    const left = Object.entries(answer.UnprocessedKeys ?? {});
    open = byTable(left.flatMap(([name, { Keys = [] }]) => Keys.map((key): [string, Item] => [name, key])));
  }
  return found;
}

/** What the engine left out, it was too busy for. */
async function nextBatch(deps: ReaderDeps, attempt: number, signal: AbortSignal): Promise<void> {
  if (attempt >= mostBatches) throw storeErrors.unavailable({ op: 'get' });
  await deps.calls.pause(attempt, signal);
}

function foundIn(table: TableName, item: Item): Found {
  const row = fromItem(item);
  return { key: keyOfRow(table, row), row };
}

function byTable(keys: readonly (readonly [name: string, key: Item])[]): [string, Item[]][] {
  const tables = new Map<string, Item[]>();
  for (const [name, key] of keys) tables.set(name, [...(tables.get(name) ?? []), key]);
  return [...tables];
}

/** One page; ended rows are left out here, so it may take several requests. */
async function listPartition(
  deps: ReaderDeps,
  at: { plan: ListPlan; where: NonNullable<ListPlan['where']> },
  signal: AbortSignal,
): Promise<Page<Row>> {
  const { plan } = at;
  const listing = listingOf(plan, { tableName: deps.tableName(plan.table), where: at.where });
  if (listing === undefined) return { items: [] };
  const nowMs = deps.clock.now();
  const rows: Row[] = [];
  let start = listing.start;
  do {
    const Limit = plan.limit + 1 - rows.length;
    const answer = await queryOnce(deps, { ...listing.query, Limit, ExclusiveStartKey: start }, signal);
    for (const item of answer.Items ?? []) {
      const row = fromItem(item);
      if (!isExpired(plan.table, row, nowMs)) rows.push(row);
    }
    start = answer.LastEvaluatedKey;
  } while (start !== undefined && rows.length <= plan.limit);
  return pageOf(plan, rows);
}

async function queryOnce(deps: ReaderDeps, query: QueryInput, signal: AbortSignal) {
  try {
    return await deps.calls.read('list', signal, (inner) => deps.connection.query(query, inner));
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    // Only the place to start from is a caller's: all else of a query was checked.
    const isBadStart = query.ExclusiveStartKey !== undefined && failureOf(cause).kind === 'invalid';
    throw isBadStart ? storeErrors.badCursor({}, { cause: error }) : error;
  }
}

/** A table that is small by nature, read whole: the engine has no order over partitions, so it is made here. */
async function listWhole(deps: ReaderDeps, plan: ListPlan, signal: AbortSignal): Promise<Page<Row>> {
  const nowMs = deps.clock.now();
  const rows: Row[] = [];
  let start: Item | undefined;
  do {
    const from = start === undefined ? {} : { ExclusiveStartKey: start };
    const answer = await deps.calls.read('list', signal, (inner) =>
      deps.connection.scan({ TableName: deps.tableName(plan.table), ConsistentRead: true, ...from }, inner),
    );
    for (const item of answer.Items ?? []) {
      const row = fromItem(item);
      if (!isExpired(plan.table, row, nowMs)) rows.push(row);
    }
    start = answer.LastEvaluatedKey;
  } while (start !== undefined);
  const direction = plan.isDescending ? -1 : 1;
  const { after } = plan;
  const following = rows
    .toSorted((a, b) => direction * comparePlaces(placeOf(plan, a), placeOf(plan, b)))
    .filter((row) => after === undefined || direction * comparePlaces(placeOf(plan, row), after) > 0);
  return pageOf(plan, following);
}

function pageOf(plan: ListPlan, rows: readonly Row[]): Page<Row> {
  const items = rows.slice(0, plan.limit);
  const last = items.at(-1);
  if (rows.length <= plan.limit || last === undefined) return { items };
  return { items, cursor: encodeCursor(placeOf(plan, last)) };
}

function placeOf(plan: ListPlan, row: Row): (string | number)[] {
  return plan.order.map((column) => {
    const value = row[column];
    return typeof value === 'number' ? value : String(value);
  });
}

function comparePlaces(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [place, left] of a.entries()) {
    const difference = compareKeys(left, b[place] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}
