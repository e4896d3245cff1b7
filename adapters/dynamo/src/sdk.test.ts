import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from './failures.ts';
import { connect } from './sdk.ts';

const { signal } = new AbortController();
const rules = { dialect: 'ydb', scannable: new Set<string>() } as const;
const Put = { TableName: 'g-switches', Item: { name: { S: 'a' } } };

describe('connect', () => {
  const seen: { headers: IncomingMessage['headers']; body: string }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      seen.push({ headers: request.headers, body });
      response.setHeader('date', 'Thu, 01 Jan 2026 00:00:10 GMT');
      response.statusCode = status;
      response.end('{}');
    });
  });
  let endpoint = '';
  beforeEach(async () => {
    seen.length = 0;
    status = 200;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const open = (more: object = {}) =>
    connect({ endpoint, region: 'ru-central1', clock: createFakeClock(), rules, ...more });
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };

  it('sends no request token, which the SDK would add', async () => {
    const connection = open({ credentials });

    await connection.transactWriteItems({ TransactItems: [{ Put }] }, signal);

    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ TransactItems: [{ Put }] });
    expect(seen[0]?.headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 Credential=id\//);
    connection.close();
  });

  it("goes through the host's proxy, and past it where that is said", async () => {
    const proxies = { http_proxy: endpoint, NO_PROXY: '127.0.0.1' };
    const through = open({ credentials, proxies, endpoint: 'http://dynamodb.invalid' });
    const past = open({ credentials, proxies: { ...proxies, http_proxy: 'http://127.0.0.1:1' } });

    await through.putItem(Put, signal);
    await past.putItem(Put, signal);

    expect(seen.map(({ headers }) => headers['host'])).toEqual(['dynamodb.invalid', endpoint.slice(7)]);
    through.close();
    past.close();
  });

  it('signs with the token of a service account, asked each time', async () => {
    let calls = 0;
    const connection = open({ bearer: async () => new Secret(`t1.token-${++calls}`) });

    await connection.putItem(Put, signal);
    await connection.putItem(Put, signal);

    const sent = seen.map(({ headers }) => headers['authorization']);
    expect(sent).toEqual(['Bearer t1.token-1', 'Bearer t1.token-2']);
    expect(seen[0]?.headers['x-amz-target']).toBe('DynamoDB_20120810.PutItem');
    connection.close();
  });

  it('sends nothing without a token, and knows that nothing was done', async () => {
    const connection = open({ bearer: () => Promise.reject(new RangeError('no cloud')) });

    const failed = await connection.putItem(Put, signal).catch((error: unknown) => error);

    expect(failed).toMatchObject({ code: 'DYNAMO_NO_TOKEN', cause: new RangeError('no cloud') });
    expect(failureOf(failed).kind).toBe('unsent');
    expect(seen).toEqual([]);
    connection.close();
  });

  it('sends nothing that the guard refuses', async () => {
    const connection = open({ credentials });

    const refused = { code: 'DYNAMO_DIALECT' };
    await expect(connection.scan({ TableName: 'g-runners' }, signal)).rejects.toMatchObject(refused);
    const token = { TransactItems: [{ Put }], ClientRequestToken: 'mine' };
    await expect(connection.transactWriteItems(token, signal)).rejects.toMatchObject(refused);
    expect(seen).toEqual([]);
    connection.close();
  });

  it('knows from each answer how far the clocks are apart', async () => {
    const connection = open({ credentials });
    expect(connection.skewMs()).toBeUndefined();

    await connection.putItem(Put, signal);

    expect(connection.skewMs()).toBe(10_000);
    connection.close();
  });

  it('sends a request once, whatever comes back', async () => {
    status = 500;
    const connection = open({ credentials });

    await expect(connection.putItem(Put, signal)).rejects.toThrow();

    expect(seen).toHaveLength(1);
    connection.close();
  });
});
