import { RunnerRow, readRow, type TableName } from '@polar-gosling/ports/store';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDynamoStore, type DynamoStore, openAccess } from './dynamo-store.ts';
import { tableNames } from './table-definitions.ts';
import { type Fault, type FaultProxy, openFaultProxy, refusal, refuseWith } from './testing/fault-proxy.ts';
import { dropTables, engineUrl, noEngine, optionsFor, withoutWaits } from './testing/local-engine.ts';

const options = { signal: new AbortController().signal };
const { signal } = options;
const some: readonly TableName[] = ['schema', 'runners', 'switches', 'budgets'];

function describeTables() {
  const clock = createFakeClock();
  let all = optionsFor({ clock: withoutWaits(clock) });
  let proxy: FaultProxy;
  const opened: DynamoStore[] = [];
  const open = async (more: { tables?: readonly TableName[]; dialect?: 'ydb' } = {}) => {
    const store = await createDynamoStore({ ...all, ...more, endpoint: proxy.url });
    opened.push(store);
    return store;
  };
  const raw = () => openAccess(all);
  beforeEach(async () => {
    proxy = await openFaultProxy(engineUrl);
    all = optionsFor({ clock: withoutWaits(clock) });
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await proxy.close();
    await dropTables(all);
  });
  const putRunner = (store: DynamoStore, id: string, columns: object) =>
    store.commit(
      [{ kind: 'put', table: 'runners', row: { id, egg_name: 'e', ...columns }, when: { kind: 'any' } }],
      options,
    );
  const byState = async (store: DynamoStore) => {
    const page = await store.list({ table: 'runners', index: 'state', partition: 'idle' }, options);
    return page.items.map((row) => row['id']);
  };
  const setSchema = async (columns: Readonly<Record<string, string>>) => {
    const { connection, tableName } = raw();
    const entries = Object.entries(columns);
    await connection.updateItem(
      {
        TableName: tableName('schema'),
        Key: { name: { S: 'database' } },
        UpdateExpression: `SET ${entries.map((_, at) => `#c${at} = :c${at}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(entries.map(([name], at) => [`#c${at}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          entries.map(([, value], at) => [`:c${at}`, /^\d+$/.test(value) ? { N: value } : { S: value }]),
        ),
      },
      signal,
    );
    connection.close();
  };

  it('makes every table once, and of those that are up to date asks one row', async () => {
    await open();
    expect(proxy.seen.filter((op) => op === 'CreateTable')).toHaveLength(tableNames.length);
    proxy.seen.length = 0;

    await open();

    expect(proxy.seen).toEqual(['GetItem']);
  });

  it('may be done by several processes at once', async () => {
    const stores = await Promise.all([
      open({ tables: some }),
      open({ tables: some }),
      open({ tables: some }),
    ]);

    for (const [place, store] of stores.entries())
      await putRunner(store, `r${place}`, { state: 'idle', deadline_at: 1 });
    expect(await byState(await open({ tables: some }))).toEqual(['r0', 'r1', 'r2']);
  });

  it('waits for tables that another process is just making', async () => {
    let looks = 0;
    const whileMaking: Readonly<Record<string, Fault>> = {
      GetItem: refuseWith('ResourceNotFoundException'),
      Scan: refuseWith('ResourceNotFoundException'),
      UpdateTable: refuseWith('ResourceInUseException'),
      UpdateTimeToLive: refuseWith('ResourceInUseException'),
    };
    const madeByAnother: Fault = async (forward) => {
      await forward();
      return refusal('ResourceInUseException');
    };
    proxy.decide = (op) => {
      if (op === 'CreateTable') return madeByAnother;
      if (op === 'GetItem') looks++;
      return looks <= 10 ? whileMaking[op] : undefined;
    };

    const store = await open({ tables: some });

    await putRunner(store, 'r1', { state: 'idle', deadline_at: 1 });
    expect(await byState(store)).toEqual(['r1']);
  });

  it('tries again what the engine refuses while it changes a table', async () => {
    let refusals = 0;
    proxy.decide = (op) =>
      op === 'UpdateTimeToLive' && ++refusals <= 3 ? refuseWith('ResourceInUseException') : undefined;

    await open({ tables: some });

    expect(refusals).toBeGreaterThan(3);
  });

  it('says at once that it may not read a table', async () => {
    let reads = 0;
    proxy.decide = (op) =>
      op === 'GetItem' && ++reads > 1 ? refuseWith('AccessDeniedException') : undefined;

    await expect(open({ tables: some })).rejects.toMatchObject({ code: 'STORE_NOT_OPENED' });
  });

  it('asks YDB about no table that it has just made', async () => {
    await open({ tables: some, dialect: 'ydb' });

    expect(proxy.seen).not.toContain('DescribeTable');
    expect(proxy.seen).not.toContain('ListTables');
  });

  it('has the engine remove ended rows, by their end in whole seconds', async () => {
    const store = await open({ tables: some });
    await putRunner(store, 'r1', { expires_at: 1_700_000_000_001 });
    const { connection, tableName } = raw();
    const Key = { id: { S: 'r1' } };
    const read = async () =>
      (await connection.getItem({ TableName: tableName('runners'), Key }, signal)).Item;

    const ttl = await connection.describeTimeToLive({ TableName: tableName('runners') }, signal);

    expect(ttl.TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'x_ttl' });
    expect((await read())?.['x_ttl']).toEqual({ N: '1700000001' });
    const key = { table: 'runners', partition: 'r1' } as const;
    const later = { expires_at: clock.now() + 500 };
    await store.commit([{ kind: 'update', key, set: later, when: { kind: 'any' } }], options);
    expect((await read())?.['x_ttl']).toEqual({ N: String(Math.ceil(later.expires_at / 1_000)) });
    const never = { expires_at: undefined };
    await store.commit([{ kind: 'update', key, set: never, when: { kind: 'any' } }], options);
    expect(await read()).not.toHaveProperty('x_ttl');
    connection.close();
  });

  it('refuses tables of a newer release and leaves them as they are', async () => {
    await open({ tables: some });
    await setSchema({ migration: '99' });
    proxy.seen.length = 0;

    await expect(open({ tables: some })).rejects.toMatchObject({
      code: 'STORE_NEWER_SCHEMA',
      message: expect.stringContaining('schema 99'),
    });
    expect(proxy.seen).toEqual(['GetItem']);
  });

  it('opens tables of an earlier release: makes what they lack, and their rows are read and found', async () => {
    const first = await open({ tables: ['schema', 'switches'] });
    await first.close();
    const { connection, tableName } = raw();
    const TableName = tableName('runners');
    await connection.createTable(
      {
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      },
      signal,
    );
    const old = { id: { S: 'r1' }, state: { S: 'idle' }, deadline_at: { N: '5' }, egg_name: { S: 'e' } };
    await connection.putItem(
      { TableName, Item: { ...old, version: { N: '3' }, later: { S: 'kept' } } },
      signal,
    );
    connection.close();
    await setSchema({ migration: '0', layouts: 'none' });

    const store = await open({ tables: some });

    expect(await byState(store)).toEqual(['r1']);
    const key = { table: 'runners', partition: 'r1' } as const;
    await store.commit(
      [{ kind: 'update', key, set: { state: 'active' }, when: { kind: 'version', version: 3 } }],
      options,
    );
    expect(await store.get([key, { table: 'budgets', partition: 'x' }], options)).toMatchObject([
      { later: 'kept', version: 4 },
      undefined,
    ]);
    expect(await byState(store)).toEqual([]);
    // The rows of an earlier process still running would be found by the next look, after which there is none.
    proxy.seen.length = 0;
    await open({ tables: some });
    expect(proxy.seen).toContain('Scan');
    proxy.seen.length = 0;
    await open({ tables: some });
    expect(proxy.seen).toEqual(['GetItem']);
  });

  it('reads a row that has columns of a later release, and one that lacks those with a default', async () => {
    const store = await open({ tables: some });
    const row = {
      ...{
        type: 'vm',
        state: 'idle',
        state_since: 1,
        cloud_provider: 'local',
        region: '',
        gitlab_runner_id: 1,
      },
      ...{
        created_at: 1,
        pool: 'apex',
        system_id: 's',
        registration_id: 'g',
        config_hash: 'c',
        machine_hash: 'm',
      },
      ...{ entry: Uint8Array.of(1), shard: 0, address: 'a', made: true, desired: 'run', launch_key: 'l' },
      of_next_release: { deep: [1] },
    };
    await putRunner(store, 'r1', row);

    const [found = {}] = await store.get([{ table: 'runners', partition: 'r1' }], options);

    expect(readRow(RunnerRow, 'runners', found)).toMatchObject({ id: 'r1', failure_count: 0, spot: false });
    expect(found).toMatchObject({ of_next_release: { deep: [1] } });
  });

  it('refuses a prefix that cannot begin the name of a table', async () => {
    await expect(createDynamoStore({ ...all, prefix: 'my installation/' })).rejects.toMatchObject({
      code: 'DYNAMO_BAD_PREFIX',
    });
  });

  it('says why tables cannot be made', async () => {
    proxy.decide = (op) =>
      op === 'CreateTable'
        ? async () => ({ status: 400, body: '{"__type":"x#AccessDeniedException","message":"not yours"}' })
        : undefined;

    await expect(open({ tables: some })).rejects.toMatchObject({
      code: 'STORE_NOT_OPENED',
      message: expect.stringContaining('not yours'),
    });
  });

  it('reads a big table whole never, but while its index is filled', async () => {
    const { connection, tableName, readingWhole } = raw();
    await open({ tables: some });
    const scan = () => connection.scan({ TableName: tableName('runners'), ConsistentRead: true }, signal);

    await expect(scan()).rejects.toMatchObject({ code: 'DYNAMO_DIALECT' });
    expect((await readingWhole('runners', scan)).Items).toEqual([]);
    await expect(scan()).rejects.toMatchObject({ code: 'DYNAMO_DIALECT' });
    connection.close();
  });
}

if (engineUrl === '') it('runs against DynamoDB Local', (context) => context.skip(noEngine));
else describe('tables in DynamoDB', describeTables);
