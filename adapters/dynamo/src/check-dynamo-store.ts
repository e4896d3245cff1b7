import { isCoded, sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import { attributeOf, fromItem, toItem, toKey } from './attributes.ts';
import { newestMigration } from './create-tables.ts';
import { type DynamoAccess, openAccess } from './dynamo-store.ts';
import { type Failure, failureOf } from './failures.ts';
import { indexLayout } from './indexes.ts';
import type { Connection } from './sdk.ts';

/** One thing that was looked at, for `gosling doctor`. */
export interface StoreFinding {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly detail: string;
  /** What to do about it; absent when all is well. */
  readonly fix?: string;
}

interface Looking {
  readonly connection: Connection;
  readonly table: string;
  /** A small table with an index: a role may have rights on tables and none on indexes. */
  readonly indexed: string;
  /** A row of our own beside the schema's, gone at the end. */
  readonly row: string;
  readonly signal: AbortSignal;
}

/** Beyond it leases and tokens of this host and the others no longer mean the same. */
const mostSkewMs = 2_000;

/**
 * Looks at the store as it is set up: reach, clock, schema, rights, and whether transactions do what they must. Writes
 * two rows beside the schema's and removes them; makes no table.
 */
export async function checkDynamoStore(
  options: DynamoAccess,
  { signal }: CallOptions,
): Promise<readonly StoreFinding[]> {
  const { connection, tableName } = openAccess(options);
  const table = tableName('schema');
  const row = `doctor-${sha256Hex(options.ids.token(16)).slice(0, 12)}`;
  const looking: Looking = { connection, table, indexed: tableName('egg_state'), row, signal };
  try {
    const schema = await tried(() => readRow(looking, 'database'));
    const findings = [reachOf(schema, options), ...clockOf(connection)];
    if (findings.some(({ ok }) => !ok)) return findings;
    const missing = typeof schema !== 'object' || !('failure' in schema) ? undefined : schema.failure.name;
    if (missing === 'ResourceNotFoundException') {
      const detail = `there are no tables ${options.prefix}… yet; the first start makes them`;
      const held = `each request is held to that of ${options.dialect}; tried once there are tables`;
      return [...findings, { name: 'schema', ok: true, detail }, { name: 'dialect', ok: true, detail: held }];
    }
    const version =
      'failure' in schema ? undefined : schema.done.Item && fromItem(schema.done.Item)['migration'];
    return [...findings, schemaOf(Number(version ?? 0)), await rightsOf(looking), await unitsOf(looking)];
  } finally {
    connection.close();
  }
}

type Tried<Result> = { readonly done: Result } | { readonly failure: Failure };

async function tried<Result>(call: () => Promise<Result>): Promise<Tried<Result>> {
  try {
    return { done: await call() };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function reachOf(schema: Tried<unknown>, options: DynamoAccess): StoreFinding {
  const where = options.endpoint ?? `DynamoDB in ${options.region}`;
  const isReached =
    !('failure' in schema) || (schema.failure.kind !== 'unsent' && schema.failure.kind !== 'unknown');
  if (isReached && (!('failure' in schema) || schema.failure.name === 'ResourceNotFoundException')) {
    return { name: 'reach', ok: true, detail: `${where} answers` };
  }
  const reason = 'failure' in schema ? reasonOf(schema.failure) : '';
  const hasToken = !('failure' in schema) || !isCoded(schema.failure.error, 'DYNAMO_NO_TOKEN');
  const fix =
    isReached || !hasToken
      ? 'see the credentials of this process and the rights of its role'
      : 'see GOSLING_STORE_ENDPOINT and GOSLING_STORE_REGION, and the network between';
  return { name: 'reach', ok: false, detail: `${where}: ${reason}`, fix };
}

function clockOf(connection: Connection): StoreFinding[] {
  const skewMs = connection.skewMs();
  if (skewMs === undefined) return [];
  // The header has whole seconds, so it is up to one behind.
  const isRight = skewMs > -mostSkewMs - 1_000 && skewMs < mostSkewMs;
  const detail = `the store's clock is ${(skewMs / 1_000).toFixed(1)} s from ours, by whole seconds`;
  return [
    isRight
      ? { name: 'clock', ok: true, detail }
      : { name: 'clock', ok: false, detail, fix: 'let NTP set the clock of this host' },
  ];
}

function schemaOf(found: number): StoreFinding {
  const detail = `schema ${found}, this version knows ${newestMigration}`;
  if (found <= newestMigration) return { name: 'schema', ok: true, detail };
  return { name: 'schema', ok: false, detail, fix: 'use the newer version that wrote it, or a backup' };
}

function readRow({ connection, table, signal }: Looking, name: string) {
  const Key = toKey({ table: 'schema', partition: name });
  return connection.getItem({ TableName: table, Key, ConsistentRead: true }, signal);
}

/** Every operation that the store uses, once. */
async function rightsOf(looking: Looking): Promise<StoreFinding> {
  const { connection, table: TableName, row, signal } = looking;
  const Key = toKey({ table: 'schema', partition: row });
  const names = {
    ExpressionAttributeNames: { '#n': 'name' },
    ExpressionAttributeValues: { ':n': { S: row } },
  };
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    PutItem: () => connection.putItem({ TableName, Item: toItem({ name: row }) }, signal),
    UpdateItem: () =>
      connection.updateItem(
        {
          TableName,
          Key,
          UpdateExpression: 'ADD #v :v',
          ExpressionAttributeNames: { '#v': 'version' },
          ExpressionAttributeValues: { ':v': { N: '1' } },
        },
        signal,
      ),
    GetItem: () => readRow(looking, row),
    BatchGetItem: () =>
      connection.batchGetItem(
        { RequestItems: { [TableName]: { Keys: [Key], ConsistentRead: true } } },
        signal,
      ),
    Query: () =>
      connection.query(
        { TableName, KeyConditionExpression: '#n = :n', ConsistentRead: true, ...names },
        signal,
      ),
    'Query of an index': () => queryIndex(looking),
    Scan: () => connection.scan({ TableName, ConsistentRead: true }, signal),
    DeleteItem: () => connection.deleteItem({ TableName, Key }, signal),
  };
  const refused: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    const outcome = await tried(call);
    if ('failure' in outcome) refused.push(`${name} (${reasonOf(outcome.failure)})`);
  }
  if (refused.length === 0) {
    return { name: 'rights', ok: true, detail: `${Object.keys(calls).join(', ')} are allowed` };
  }
  const fix = `allow them to the role of this process, on the tables ${TableName.replace(/schema$/, '')}* and their indexes`;
  return { name: 'rights', ok: false, detail: `refused: ${refused.join(', ')}`, fix };
}

function queryIndex({ connection, indexed, row, signal }: Looking) {
  const { name: IndexName, partition } = indexLayout('egg_state', 'dirty');
  return connection.query(
    {
      ...{ TableName: indexed, IndexName, KeyConditionExpression: '#p = :p' },
      ExpressionAttributeNames: { '#p': attributeOf(partition) },
      ExpressionAttributeValues: { ':p': { S: row } },
    },
    signal,
  );
}

/** A transaction of which one condition fails must write nothing, and should say which. */
async function unitsOf(looking: Looking): Promise<StoreFinding> {
  const { connection, table: TableName, row, signal } = looking;
  const names = { ExpressionAttributeNames: { '#n': 'name' } };
  const unit = [
    {
      Put: {
        TableName,
        Item: toItem({ name: `${row}-a` }),
        ConditionExpression: 'attribute_not_exists(#n)',
        ...names,
      },
    },
    {
      ConditionCheck: {
        TableName,
        Key: toKey({ table: 'schema', partition: `${row}-b` }),
        ConditionExpression: 'attribute_exists(#n)',
        ...names,
      },
    },
  ];
  const outcome = await tried(() => connection.transactWriteItems({ TransactItems: unit }, signal));
  const after = await tried(() => readRow(looking, `${row}-a`));
  const isWritten = !('failure' in after) && after.done.Item !== undefined;
  if (isWritten) {
    await tried(() =>
      connection.deleteItem({ TableName, Key: toKey({ table: 'schema', partition: `${row}-a` }) }, signal),
    );
  }
  const fix = 'this engine cannot hold the store: use DynamoDB, or a serverless YDB database';
  if (isWritten || !('failure' in outcome) || outcome.failure.kind !== 'cancelled') {
    const seen = 'failure' in outcome ? reasonOf(outcome.failure) : 'it took the transaction';
    return { name: 'dialect', ok: false, detail: `a transaction that must fail: ${seen}`, fix };
  }
  const isNamed = outcome.failure.reasons[1] === 'ConditionalCheckFailed';
  const how = isNamed ? 'names the condition that failed' : 'names no condition, so the rows are read';
  return { name: 'dialect', ok: true, detail: `one that fails writes nothing and ${how}` };
}

function reasonOf(failure: Failure): string {
  const { error } = failure;
  return error instanceof Error && error.message !== '' ? `${failure.name}: ${error.message}` : failure.name;
}
