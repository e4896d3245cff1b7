import { pollUntil } from '@polar-gosling/kernel';
import { type Row, storeErrors, type TableName, tableSpec } from '@polar-gosling/ports/store';
import { attributeOf, fromItem, toAttribute, toItem, toKey, ttlAttribute } from './attributes.ts';
import { type Failure, failureOf } from './failures.ts';
import { fillIndexes } from './fill-indexes.ts';
import { attributeType, indexLayouts, keyColumnsOf } from './indexes.ts';
import {
  attributeDefinitions,
  indexDefinition,
  layoutHash,
  tableDefinition,
  tableNames,
} from './table-definitions.ts';
import type { TablesDeps } from './tables-deps.ts';

/** One step of the data; steps are only ever added, and the tables are brought up to date before them. */
interface Migration {
  readonly number: number;
  readonly name: string;
  up(deps: TablesDeps, signal: AbortSignal): Promise<void>;
}

const migrations: readonly Migration[] = [{ number: 1, name: 'first tables', up: () => Promise.resolve() }];

export const newestMigration = Math.max(...migrations.map(({ number }) => number));
const rowKey = { table: 'schema', partition: 'database' } as const;
const layoutsKept = 8;

/**
 * Brings the tables to this release: makes those that are missing, adds indexes, and takes the migrations that are new.
 * Safe to repeat and to run in several processes at once. Of tables that are up to date it asks one row, and never
 * what state they are in: YDB allows 30 such questions a minute. STORE_NEWER_SCHEMA when they are ahead of it.
 */
export async function createTables(deps: TablesDeps, signal: AbortSignal): Promise<void> {
  const row = await readSchema(deps, signal);
  const migration = Number(row?.['migration'] ?? 0);
  checkNotNewer(deps, migration);
  const layouts = layoutsOf(row);
  if (migration === newestMigration && layouts.includes(layoutHash())) return;
  deps.logger.info('the tables of the store are brought up to date', { count: tableNames.length });
  const made = deps.tables ?? tableNames;
  const found = await createMissing(deps, made, signal);
  // Those that were there too: another process may be making them just now.
  for (const table of made) await waitUntilReady(deps, table, signal);
  for (const table of found) await addIndexes(deps, table, signal);
  for (const table of made) await enableTtl(deps, table, signal);
  let lacking = 0;
  for (const table of found) lacking += await fillIndexes(deps, table, signal);
  for (const step of migrations.filter(({ number }) => number > migration)) await step.up(deps, signal);
  // A process of the earlier release may still write rows that lack something: it is over when a look finds none.
  await record(deps, { row, layouts: lacking === 0 ? [...layouts, layoutHash()] : layouts }, signal);
}

/** The schema's row as it is; `undefined` where there is none yet. */
async function readSchema(deps: TablesDeps, signal: AbortSignal): Promise<Row | undefined> {
  const read = { TableName: deps.tableName(rowKey.table), Key: toKey(rowKey), ConsistentRead: true };
  try {
    const answer = await deps.calls.read('opening', signal, (inner) => deps.connection.getItem(read, inner));
    return answer.Item && fromItem(answer.Item);
  } catch (error) {
    const failure = failureOf(error instanceof Error ? error.cause : error);
    if (failure.name === 'ResourceNotFoundException') return undefined;
    throw failure.kind === 'refused' ? notOpened(deps, failure) : error;
  }
}

function checkNotNewer(deps: TablesDeps, found: number): void {
  if (found <= newestMigration) return;
  throw storeErrors.newerSchema({ found, known: newestMigration, path: deps.tableName(rowKey.table) });
}

function layoutsOf(row: Row | undefined): readonly unknown[] {
  const layouts = row?.['layouts'];
  return Array.isArray(layouts) ? layouts : [];
}

/** Makes what is not there; answers what was. */
async function createMissing(
  deps: TablesDeps,
  tables: readonly TableName[],
  signal: AbortSignal,
): Promise<readonly TableName[]> {
  const found: TableName[] = [];
  for (const table of tables) {
    if ((await createTable(deps, table, signal)) === 'exists') found.push(table);
  }
  return found;
}

async function createTable(
  deps: TablesDeps,
  table: TableName,
  signal: AbortSignal,
): Promise<'created' | 'exists'> {
  const outcome = await changeSchema(deps, signal, (inner) =>
    deps.connection.createTable(tableDefinition(table, deps), inner),
  );
  if (outcome === undefined) return 'created';
  if (isInUse(outcome)) return 'exists';
  throw notOpened(deps, outcome);
}

/** Asks a row that is not there: an answer says that the table takes requests. Costs no question of its schema. */
async function waitUntilReady(deps: TablesDeps, table: TableName, signal: AbortSignal): Promise<void> {
  const spec = tableSpec(table);
  const values = keyColumnsOf(spec).map((column): [string, string | number] => [
    column,
    attributeType(spec, column) === 'N' ? 0 : '-',
  ]);
  const read = { TableName: deps.tableName(table), Key: toItem(Object.fromEntries(values)) };
  const isReady = async () => {
    const outcome = await deps.calls.once(signal, (inner) => deps.connection.getItem(read, inner));
    if (outcome.kind === 'done') return true;
    const { failure } = outcome;
    const isBeingMade = failure.name === 'ResourceNotFoundException' || isInUse(failure);
    if (failure.kind === 'refused' && !isBeingMade) throw notOpened(deps, failure);
    return undefined;
  };
  await pollUntil(isReady, { ...readyPlan, clock: deps.clock, what: `the table ${read.TableName}`, signal });
}

const readyPlan = { everyMs: 1_000, timeoutMs: 300_000 };
/** Filling an index reads its whole table. */
const indexPlan = { everyMs: 10_000, timeoutMs: 3_600_000 };

async function addIndexes(deps: TablesDeps, table: TableName, signal: AbortSignal): Promise<void> {
  const TableName = deps.tableName(table);
  const wanted = indexLayouts(table);
  if (wanted.length === 0) return;
  for (;;) {
    const known = await indexesOf(deps, TableName, signal);
    const missing = wanted.find(({ name }) => !known.has(name));
    if (missing === undefined) return;
    const Create = indexDefinition(missing);
    const AttributeDefinitions = attributeDefinitions(table);
    const failure = await changeSchema(deps, signal, (inner) =>
      deps.connection.updateTable(
        { TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create }] },
        inner,
      ),
    );
    // Another process may be at it just now.
    if (failure !== undefined && !isInUse(failure)) throw notOpened(deps, failure);
    const isFilled = async () =>
      (await indexesOf(deps, TableName, signal)).get(missing.name) === 'ACTIVE' ? true : undefined;
    await pollUntil(isFilled, { ...indexPlan, clock: deps.clock, what: `the index ${missing.name}`, signal });
  }
}

async function indexesOf(
  deps: TablesDeps,
  TableName: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  await pace(deps, signal);
  const answer = await deps.calls.read('opening', signal, (inner) =>
    deps.connection.describeTable({ TableName }, inner),
  );
  const indexes = answer.Table?.GlobalSecondaryIndexes ?? [];
  // An engine that names no state has no index that is not ready.
  return new Map(indexes.map(({ IndexName = '', IndexStatus = 'ACTIVE' }) => [IndexName, IndexStatus]));
}

async function enableTtl(deps: TablesDeps, table: TableName, signal: AbortSignal): Promise<void> {
  if (tableSpec(table).expires === undefined) return;
  const TableName = deps.tableName(table);
  const TimeToLiveSpecification = { AttributeName: ttlAttribute, Enabled: true };
  const change = () =>
    changeSchema(deps, signal, (inner) =>
      deps.connection.updateTimeToLive({ TableName, TimeToLiveSpecification }, inner),
    );
  let failure = await change();
  for (let attempt = 0; failure !== undefined && isInUse(failure) && attempt < mostTries; attempt++) {
    await deps.clock.sleep(schemaPauseMs, signal);
    failure = await change();
  }
  // It is on already, or was switched within the hour: the engine refuses to be told again.
  if (failure !== undefined && failure.kind !== 'invalid') throw notOpened(deps, failure);
}

const mostTries = 30;

/** Of a table to be made: it is there. Of any other change: the engine is at another one of that table. */
function isInUse({ name }: Failure): boolean {
  return name === 'ResourceInUseException';
}

/** One change of the schema; waits where the engine asks for it, and answers what it finally refused. */
async function changeSchema(
  deps: TablesDeps,
  signal: AbortSignal,
  change: (signal: AbortSignal) => Promise<unknown>,
): Promise<Failure | undefined> {
  for (let attempt = 0; ; attempt++) {
    await pace(deps, signal);
    const outcome = await deps.calls.once(signal, change);
    if (outcome.kind === 'done') return undefined;
    const { failure } = outcome;
    const isLater = ['throttled', 'unsent', 'unknown'].includes(failure.kind);
    if (!isLater || attempt >= mostTries) return failure;
    await deps.clock.sleep(schemaPauseMs, signal);
  }
}

const schemaPauseMs = 2_000;
/** YDB allows 30 schema operations a minute and counts every question with them. */
const ydbPaceMs = 2_100;

async function pace(deps: TablesDeps, signal: AbortSignal): Promise<void> {
  if (deps.dialect === 'ydb') await deps.clock.sleep(ydbPaceMs, signal);
}

async function record(
  deps: TablesDeps,
  at: { row: Row | undefined; layouts: readonly unknown[] },
  signal: AbortSignal,
): Promise<void> {
  const row: Row = {
    name: rowKey.partition,
    migration: newestMigration,
    written_by: 'polar-gosling',
    layouts: [...new Set(at.layouts.map(String))].slice(-layoutsKept),
    version: Number(at.row?.['version'] ?? 0) + 1,
    updated_at: deps.clock.now(),
  };
  const outcome = await deps.calls.once(signal, (inner) =>
    deps.connection.putItem(
      {
        TableName: deps.tableName(rowKey.table),
        Item: toItem(row),
        ConditionExpression: 'attribute_not_exists(#m) OR #m <= :m',
        ExpressionAttributeNames: { '#m': attributeOf('migration') },
        ExpressionAttributeValues: { ':m': toAttribute(newestMigration) },
      },
      inner,
    ),
  );
  if (outcome.kind === 'done') return;
  if (outcome.failure.kind !== 'condition') throw notOpened(deps, outcome.failure);
  checkNotNewer(deps, Number((await readSchema(deps, signal))?.['migration'] ?? 0));
}

function notOpened(deps: TablesDeps, failure: Failure): Error {
  const reason = failure.error instanceof Error ? failure.error.message : failure.name;
  return storeErrors.notOpened({ path: deps.tableName(rowKey.table), reason }, { cause: failure.error });
}
