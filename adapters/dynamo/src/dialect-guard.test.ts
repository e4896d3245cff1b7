import { describe, expect, it } from 'vitest';
import { type CallRules, checkCall, type Dialect, withoutRequestToken } from './dialect-guard.ts';

const rulesOf = (dialect: Dialect): CallRules => ({ dialect, scannable: new Set(['g-switches']) });
const key = { TableName: 'g-runners', Key: { id: { S: 'r1' } } };
const names = { '#n': 'id' };
const values = { ':v': { N: '1' } };
const put = { TableName: 'g-runners', Item: { id: { S: 'r1' } } };
const query = {
  TableName: 'g-runners',
  KeyConditionExpression: '#p = :p',
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: values,
};
const table = {
  TableName: 'g-runners',
  KeySchema: [],
  AttributeDefinitions: [],
  BillingMode: 'PAY_PER_REQUEST',
};
const index = { IndexName: 'by_x', KeySchema: [], Projection: { ProjectionType: 'ALL' } };
const transact = (...TransactItems: object[]) => ({ TransactItems });
const keys = (count: number) => ({
  RequestItems: { 'g-runners': { ConsistentRead: true, Keys: Array.from({ length: count }, () => key.Key) } },
});

const allowed: readonly (readonly [op: string, input: object])[] = [
  ['GetItem', { ...key, ConsistentRead: true }],
  ['BatchGetItem', keys(100)],
  [
    'PutItem',
    { ...put, ConditionExpression: 'attribute_not_exists(#n) OR #n < :v', ExpressionAttributeNames: names },
  ],
  ['UpdateItem', { ...key, UpdateExpression: 'SET #a = :a, #b = :b REMOVE #c ADD #d :d' }],
  ['UpdateItem', { ...key, ConditionExpression: '#v = :v AND (attribute_not_exists(#e) OR NOT #e < :n)' }],
  ['DeleteItem', { ...key, ConditionExpression: 'attribute_exists(#n)', ExpressionAttributeValues: values }],
  ['TransactWriteItems', transact({ Put: put }, { Delete: key }, { ConditionCheck: key }, { Update: key })],
  ['Query', { ...query, ConsistentRead: true, ScanIndexForward: false, Limit: 5, ExclusiveStartKey: {} }],
  ['Query', { ...query, IndexName: 'by_x', KeyConditionExpression: '#p = :p AND #s BETWEEN :a AND :b' }],
  ['Scan', { TableName: 'g-switches', ConsistentRead: true }],
  ['CreateTable', { ...table, GlobalSecondaryIndexes: [index] }],
  ['UpdateTable', { TableName: 'g-runners', GlobalSecondaryIndexUpdates: [{ Create: index }] }],
  ['UpdateTimeToLive', { TableName: 'g-runners', TimeToLiveSpecification: {} }],
];

/** Whatever may not go out, on either engine. */
const refused: readonly (readonly [op: string, input: object])[] = [
  ['ExecuteStatement', { Statement: 'SELECT * FROM x' }],
  ['ListTables', {}],
  ['TransactGetItems', {}],
  ['BatchWriteItem', {}],
  ['TagResource', {}],
  ['GetItem', { ...key, ConsistentRead: false }],
  ['GetItem', { ...key, AttributesToGet: ['id'] }],
  ['GetItem', { ...key, ProjectionExpression: '#n' }],
  ['GetItem', { ...key, ReturnConsumedCapacity: 'TOTAL' }],
  ['GetItem', { ...key, TableName: 'ab' }],
  ['GetItem', { ...key, TableName: 'dir/table' }],
  ['BatchGetItem', keys(101)],
  ['BatchGetItem', { RequestItems: { 'g-runners': { Keys: [], ProjectionExpression: '#n' } } }],
  ['PutItem', { ...put, ReturnValues: 'ALL_OLD' }],
  ['PutItem', { ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }],
  ['PutItem', { ...put, ReturnItemCollectionMetrics: 'SIZE' }],
  ['PutItem', { ...put, Expected: {} }],
  ['PutItem', { ...put, ConditionalOperator: 'AND' }],
  ['PutItem', { ...put, ConditionExpression: 'size(#n) > :v' }],
  ['PutItem', { ...put, ConditionExpression: 'id = :v' }],
  ['UpdateItem', { ...key, AttributeUpdates: {} }],
  ['UpdateItem', { ...key, ReturnValues: 'ALL_NEW' }],
  ['UpdateItem', { ...key, UpdateExpression: 'SET #a = #a + :one' }],
  ['UpdateItem', { ...key, UpdateExpression: 'SET #a = if_not_exists(#a, :zero)' }],
  ['UpdateItem', { ...key, UpdateExpression: 'SET #a.#b = :v' }],
  ['UpdateItem', { ...key, UpdateExpression: 'DELETE #a :set' }],
  ['DeleteItem', { ...key, ReturnValues: 'ALL_OLD' }],
  ['TransactWriteItems', { ...transact({ Put: put }), ClientRequestToken: 'token' }],
  ['TransactWriteItems', transact({ Put: { ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } })],
  ['TransactWriteItems', transact({ ConditionCheck: { ...key, ConditionExpression: 'contains(#a, :v)' } })],
  ['TransactWriteItems', transact({ Update: { ...key, UpdateExpression: 'SET #a = #b - :v' } })],
  ['TransactWriteItems', transact({ Put: put, Delete: key })],
  ['TransactWriteItems', transact({})],
  ['TransactWriteItems', transact(...Array.from({ length: 26 }, () => ({ Put: put })))],
  ['Query', { ...query, IndexName: 'by_x', ConsistentRead: true }],
  ['Query', { ...query, IndexName: 'id' }],
  ['Query', { ...query, Select: 'COUNT' }],
  ['Query', { ...query, FilterExpression: '#n = :v' }],
  ['Query', { ...query, KeyConditions: {} }],
  ['Query', { ...query, KeyConditionExpression: '#p = :p AND begins_with(#s, :s)' }],
  ['Scan', { TableName: 'g-runners', ConsistentRead: true }],
  ['Scan', { TableName: 'g-switches', FilterExpression: '#n = :v' }],
  ['Scan', { TableName: 'g-switches', IndexName: 'by_x' }],
  ['Scan', { TableName: 'g-switches', Segment: 0, TotalSegments: 4 }],
  ['CreateTable', { ...table, BillingMode: 'PROVISIONED' }],
  ['CreateTable', { ...table, ProvisionedThroughput: {} }],
  ['CreateTable', { ...table, LocalSecondaryIndexes: [] }],
  ['CreateTable', { ...table, StreamSpecification: {} }],
  ['CreateTable', { ...table, SSESpecification: {} }],
  ['CreateTable', { ...table, Tags: [] }],
  ['CreateTable', { ...table, TableClass: 'STANDARD' }],
  [
    'CreateTable',
    { ...table, GlobalSecondaryIndexes: [{ ...index, Projection: { ProjectionType: 'KEYS_ONLY' } }] },
  ],
  [
    'UpdateTable',
    { TableName: 'g-runners', GlobalSecondaryIndexUpdates: [{ Create: index }, { Create: index }] },
  ],
  [
    'UpdateTable',
    { TableName: 'g-runners', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'by_x' } }] },
  ],
  ['UpdateTable', { TableName: 'g-runners', ReplicaUpdates: [] }],
];

describe.each(['dynamodb', 'ydb'] as const)('checkCall for %s', (dialect) => {
  it.each(allowed)('lets %s pass: %j', (op, input) => {
    expect(() => checkCall(rulesOf(dialect), op, input)).not.toThrow();
  });

  it.each(refused)('refuses %s: %j', (op, input) => {
    expect(() => checkCall(rulesOf(dialect), op, input)).toThrow(
      expect.objectContaining({ code: 'DYNAMO_DIALECT' }),
    );
  });
});

describe('checkCall', () => {
  it('lets only DynamoDB protect a table against deletion', () => {
    const input = { ...table, DeletionProtectionEnabled: true };

    expect(() => checkCall(rulesOf('dynamodb'), 'CreateTable', input)).not.toThrow();
    expect(() => checkCall(rulesOf('ydb'), 'CreateTable', input)).toThrow(
      expect.objectContaining({ code: 'DYNAMO_DIALECT' }),
    );
  });
});

describe('withoutRequestToken', () => {
  const token = ',"ClientRequestToken":"1c21922c-493d-40b0-a875-0bc171a13f83"}';
  const requestOf = (body: string) => ({
    body: new Uint8Array(Buffer.from(body)),
    headers: { 'content-length': String(Buffer.byteLength(body)) },
  });

  it('cuts out the token that the SDK adds', () => {
    const request = requestOf(`{"TransactItems":[{"Put":{"ü":1}}]${token}`);

    withoutRequestToken(request);

    const text = '{"TransactItems":[{"Put":{"ü":1}}]}';
    expect(Buffer.from(request.body).toString()).toBe(text);
    expect(request.headers['content-length']).toBe(String(Buffer.byteLength(text)));
  });

  it('leaves what has none, also where a value only speaks of it', () => {
    const body = JSON.stringify({ Item: { a: { S: token } }, ClientRequestToken_: 1 });
    const request = requestOf(body);

    withoutRequestToken(request);

    expect(Buffer.from(request.body).toString()).toBe(body);
  });

  it('refuses a request whose token stands elsewhere', () => {
    const request = requestOf('{"ClientRequestToken":"mine","TransactItems":[]}');

    expect(() => withoutRequestToken(request)).toThrow(expect.objectContaining({ code: 'DYNAMO_DIALECT' }));
  });
});
