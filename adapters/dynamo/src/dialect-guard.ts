import { checkExpression } from './dialect-expressions.ts';
import { dynamoErrors } from './errors.ts';

/** Which tables may be read whole, and what a table may be made with. */
export interface CallRules {
  readonly dialect: Dialect;
  /** Physical names of the tables that are small by nature. */
  readonly scannable: ReadonlySet<string>;
}

export type Dialect = 'dynamodb' | 'ydb';

type Parameters = Readonly<Record<string, unknown>>;
type Check = (value: unknown, at: Place) => void;
interface Place {
  readonly op: string;
  readonly rules: CallRules;
  readonly what: string;
}

/** YDB: "25 actions", "up to 100 items", names of 3 and more characters. */
const mostActions = 25;
const mostKeys = 100;
const name = /^[a-zA-Z0-9_.-]{3,255}$/;

const anything: Check = () => undefined;
const condition: Check = (value, at) => checkExpression('condition', value, at);
const expression = { ConditionExpression: condition, ExpressionAttributeNames: anything };
const values = { ExpressionAttributeValues: anything };
const tableName: Check = (value, at) => require(typeof value === 'string' && name.test(value), at);
const key = { Key: anything, TableName: tableName };
const onlyTrue: Check = (value, at) => require(value === true, at);

const write = {
  put: { Item: anything, TableName: tableName, ...expression, ...values },
  update: {
    ...key,
    ...expression,
    ...values,
    UpdateExpression: (value: unknown, at: Place) => checkExpression('update', value, at),
  },
  delete: { ...key, ...expression, ...values },
};

/**
 * The part of the API that DynamoDB and YDB's Document API both document, and of it only what the adapter uses: per
 * operation its parameters, each with what it may be. Not in it, on purpose: ClientRequestToken, ReturnValues…, what
 * was there before expressions, index reads with ConsistentRead, projections, PartiQL, tags, streams.
 */
const operations: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  GetItem: { ...key, ConsistentRead: onlyTrue },
  BatchGetItem: { RequestItems: checkRequestItems },
  PutItem: write.put,
  UpdateItem: write.update,
  DeleteItem: write.delete,
  TransactWriteItems: { TransactItems: checkTransactItems },
  Query: {
    TableName: tableName,
    IndexName: tableName,
    ConsistentRead: onlyTrue,
    KeyConditionExpression: (value, at) => checkExpression('key', value, at),
    ExpressionAttributeNames: anything,
    ...values,
    ExclusiveStartKey: anything,
    ScanIndexForward: anything,
    Limit: anything,
  },
  Scan: {
    TableName: (value, at) => require(at.rules.scannable.has(String(value)), at),
    ConsistentRead: onlyTrue,
    ExclusiveStartKey: anything,
  },
  CreateTable: {
    TableName: tableName,
    KeySchema: anything,
    AttributeDefinitions: anything,
    BillingMode: (value, at) => require(value === 'PAY_PER_REQUEST', at),
    GlobalSecondaryIndexes: (value, at) => {
      for (const index of listOf(value, at)) checkIndex(index, at);
    },
    DeletionProtectionEnabled: onlyDynamo,
  },
  UpdateTable: {
    TableName: tableName,
    AttributeDefinitions: anything,
    GlobalSecondaryIndexUpdates: (value, at) => {
      const updates = listOf(value, at);
      require(updates.length === 1, at);
      for (const update of updates) {
        checkParameters(update, { Create: (index) => checkIndex(index, at) }, at);
      }
    },
    DeletionProtectionEnabled: onlyDynamo,
  },
  DescribeTable: { TableName: tableName },
  DeleteTable: { TableName: tableName },
  UpdateTimeToLive: { TableName: tableName, TimeToLiveSpecification: anything },
  DescribeTimeToLive: { TableName: tableName },
};

/** Refuses a call that one of the engines does not document (DYNAMO_DIALECT). On in production as in tests. */
export function checkCall(rules: CallRules, op: string, input: unknown): void {
  const known = operations[op];
  if (known === undefined) throw dynamoErrors.dialect({ op, what: 'anything' });
  checkParameters(input, known, { op, rules, what: '' });
  const { IndexName, ConsistentRead } = parametersOf(input);
  if (IndexName !== undefined && ConsistentRead !== undefined) {
    throw dynamoErrors.dialect({ op, what: 'ConsistentRead of an index' });
  }
}

/** Takes out of a request the token that the SDK adds by itself and YDB does not support. */
export function withoutRequestToken(request: unknown): void {
  const { body, headers } = parametersOf(request);
  if (!(body instanceof Uint8Array)) return;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const end = text.subarray(-tokenBytes).toString('latin1');
  if (tokenAtEnd.test(end)) {
    const rest = Buffer.concat([text.subarray(0, -tokenBytes), Buffer.from('}')]);
    Object.assign(request ?? {}, { body: new Uint8Array(rest) });
    Object.assign(headers ?? {}, { 'content-length': String(rest.length) });
  } else if (text.includes('"ClientRequestToken":"')) {
    throw dynamoErrors.dialect({ op: 'TransactWriteItems', what: 'ClientRequestToken' });
  }
}

const tokenAtEnd = /^,"ClientRequestToken":"[0-9a-f-]{36}"\}$/;
const tokenBytes = ',"ClientRequestToken":"00000000-0000-0000-0000-000000000000"}'.length;

function checkTransactItems(value: unknown, at: Place): void {
  const items = listOf(value, at);
  require(items.length <= mostActions, at);
  const actions: Readonly<Record<string, Check>> = {
    Put: (action) => checkParameters(action, write.put, at),
    Update: (action) => checkParameters(action, write.update, at),
    Delete: (action) => checkParameters(action, write.delete, at),
    ConditionCheck: (action) => checkParameters(action, write.delete, at),
  };
  for (const item of items) {
    require(Object.values(parametersOf(item)).filter((action) => action !== undefined).length === 1, at);
    checkParameters(item, actions, at);
  }
}

function checkRequestItems(value: unknown, at: Place): void {
  let keys = 0;
  for (const [table, request] of Object.entries(parametersOf(value))) {
    tableName(table, at);
    const Keys: Check = (list) => {
      keys += listOf(list, at).length;
    };
    checkParameters(request, { Keys, ConsistentRead: onlyTrue }, at);
  }
  require(keys <= mostKeys, at);
}

function checkIndex(index: unknown, at: Place): void {
  const projection: Check = (value) =>
    require(JSON.stringify(value) === '{"ProjectionType":"ALL"}', { ...at, what: 'Projection' });
  checkParameters(index, { IndexName: tableName, KeySchema: anything, Projection: projection }, at);
}

function onlyDynamo(_: unknown, at: Place): void {
  require(at.rules.dialect === 'dynamodb', at);
}

function checkParameters(value: unknown, known: Readonly<Record<string, Check>>, at: Place): void {
  for (const [parameter, given] of Object.entries(parametersOf(value))) {
    if (given === undefined) continue;
    const place = { ...at, what: parameter };
    const check = Object.hasOwn(known, parameter) ? known[parameter] : undefined;
    if (check === undefined) throw dynamoErrors.dialect({ op: at.op, what: parameter });
    check(given, place);
  }
}

function listOf(value: unknown, at: Place): readonly unknown[] {
  require(Array.isArray(value), at);
  return Array.isArray(value) ? value : [];
}

function parametersOf(value: unknown): Parameters {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function require(isSo: boolean, at: Place): void {
  if (!isSo) throw dynamoErrors.dialect({ op: at.op, what: `such a ${at.what}` });
}
