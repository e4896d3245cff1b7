import { createSystemClock } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkDynamoStore } from './check-dynamo-store.ts';
import { createDynamoStore } from './dynamo-store.ts';
import { type FaultProxy, openFaultProxy, refuseWith } from './testing/fault-proxy.ts';
import { dropTables, engineUrl, noEngine, optionsFor } from './testing/local-engine.ts';

const options = { signal: new AbortController().signal };
const tables = ['schema', 'egg_state'] as const;

function describeCheck() {
  let all = optionsFor({ clock: createSystemClock(), tables });
  let proxy: FaultProxy;
  beforeEach(async () => {
    proxy = await openFaultProxy(engineUrl);
    all = optionsFor({ clock: createSystemClock(), tables, endpoint: proxy.url });
  });
  afterEach(async () => {
    await proxy.close();
    await dropTables({ ...all, endpoint: engineUrl });
  });
  const openTables = async () => (await createDynamoStore(all)).close();
  const seen = async (more: object = {}) => {
    const findings = await checkDynamoStore({ ...all, ...more }, options);
    return Object.fromEntries(findings.map(({ name, ok, detail, fix }) => [name, { ok, detail, fix }]));
  };

  it('finds all well, and leaves nothing behind', async () => {
    await openTables();

    const findings = await seen();

    expect(Object.entries(findings).map(([name, { ok }]) => [name, ok])).toEqual([
      ['reach', true],
      ['clock', true],
      ['schema', true],
      ['rights', true],
      ['dialect', true],
    ]);
    const store = await createDynamoStore(all);
    const page = await store.list({ table: 'schema' }, options);
    expect(page.items.map((row) => row['name'])).toEqual(['database']);
    await store.close();
  });

  it('says that the first start makes the tables', async () => {
    expect(await seen()).toMatchObject({
      reach: { ok: true },
      schema: { ok: true, detail: expect.stringContaining('first start') },
    });
  });

  it('names an address that does not answer', async () => {
    const findings = await seen({ endpoint: 'http://127.0.0.1:1' });

    expect(findings).toEqual({
      reach: {
        ok: false,
        detail: expect.stringContaining('ECONNREFUSED'),
        fix: expect.stringContaining('GOSLING_STORE_ENDPOINT'),
      },
    });
  });

  it('names credentials that are refused', async () => {
    proxy.decide = () => refuseWith('UnrecognizedClientException');

    expect(await seen()).toMatchObject({
      reach: { ok: false, fix: expect.stringContaining('credentials') },
    });
  });

  it('sees a clock that is more than 2 s off', async () => {
    await openTables();

    expect(await seen({ clock: createFakeClock() })).toMatchObject({
      clock: { ok: false, fix: expect.stringContaining('NTP') },
    });
  });

  it('names each operation that is refused', async () => {
    await openTables();
    proxy.decide = (op) =>
      op === 'Query' || op === 'Scan' ? refuseWith('AccessDeniedException') : undefined;

    const { rights } = await seen();

    expect(rights).toMatchObject({ ok: false, fix: expect.stringContaining('role') });
    expect(rights?.detail).toMatch(/Query \(AccessDenied.*Scan \(AccessDenied/);
    expect(rights?.detail).not.toContain('PutItem');
  });

  it('sees a role that may query the tables and not their indexes', async () => {
    await openTables();
    proxy.decide = (op, body) =>
      op === 'Query' && body.includes('"IndexName":"by_dirty"')
        ? refuseWith('AccessDeniedException')
        : undefined;

    const { rights } = await seen();

    expect(rights).toMatchObject({ ok: false, fix: expect.stringContaining('and their indexes') });
    expect(rights?.detail).toMatch(/^refused: Query of an index \(AccessDenied[^,]*\)$/);
  });

  it('sees an engine whose transactions do not hold', async () => {
    await openTables();
    proxy.decide = (op) =>
      op === 'TransactWriteItems' ? async () => ({ status: 200, body: '{}' }) : undefined;

    expect(await seen()).toMatchObject({
      dialect: { ok: false, detail: expect.stringContaining('took the transaction') },
    });
  });

  it('sees a schema of a newer release', async () => {
    await openTables();
    proxy.decide = (op, body) =>
      op === 'GetItem' && body.includes('"database"')
        ? async () => ({ status: 200, body: '{"Item":{"name":{"S":"database"},"migration":{"N":"99"}}}' })
        : undefined;

    expect(await seen()).toMatchObject({
      schema: { ok: false, detail: expect.stringContaining('schema 99') },
    });
  });
}

if (engineUrl === '') it('runs against DynamoDB Local', (context) => context.skip(noEngine));
else describe('checkDynamoStore', describeCheck);
