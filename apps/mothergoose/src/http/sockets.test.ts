import { createConnection } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../server.ts';
import { createFakeEngine, webhookToken } from '../testing/fake-engine.ts';
import { talk } from '../testing/raw-socket.ts';
import { testDeps } from '../testing/test-app.ts';

const fake = createFakeEngine();
const unlimited = { burst: 1e9, perSecond: 1e9 };
let server: RunningServer;

beforeAll(async () => {
  server = await startServer({
    ...testDeps(fake.engine, {
      limits: {
        headersTimeoutMs: 300,
        requestTimeoutMs: 600,
        perSource: unlimited,
        webhookBodyBytes: 200_000,
      },
    }),
    config: { listen: { host: '127.0.0.1', port: 0, isLoopback: true }, tls: undefined },
  });
});
afterAll(() => server.stop(100));
beforeEach(() => {
  fake.calls.length = 0;
});

const called = () => fake.calls.map(({ name }) => name);
const good = `X-Gitlab-Token: ${webhookToken}`;

function request(lines: readonly string[], body = ''): string {
  return `POST /webhooks/gitlab HTTP/1.1\r\nHost: localhost\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

describe('a body that is not as long as it was said to be', () => {
  it('too short, and the sender waits: closed after the time for a request', async () => {
    const { statuses, lastedMs } = await talk(server.port, [request([good, 'Content-Length: 100'], '{}')]);

    expect(statuses).toEqual([408]);
    expect(lastedMs).toBeGreaterThan(500);
    expect(called()).toEqual(['checkToken']);
  });

  it('too short, and the sender leaves: nothing is taken', async () => {
    await talk(server.port, [request([good, 'Content-Length: 100'], '{}')], { endsAfter: true });

    expect(called()).toEqual(['checkToken']);
  });

  it('too long: the rest is no request', async () => {
    const { statuses } = await talk(server.port, [request([good, 'Content-Length: 2'], '{}{"x":1}')]);

    expect(statuses.at(-1)).toBe(400);
    expect(called()).toEqual(['checkToken', 'ingest']);
  });

  it.each([
    ['that is no number', 'zz\r\n{}\r\n0\r\n\r\n'],
    ['that is negative', '-2\r\n{}\r\n0\r\n\r\n'],
    ['that is huge', 'ffffffffffffffffff\r\n{}\r\n0\r\n\r\n'],
    ['that is too small', '1\r\n{}\r\n0\r\n\r\n'],
  ])('in chunks with a size %s: 400 and nothing taken', async (_what, chunks) => {
    const { statuses } = await talk(server.port, [request([good, 'Transfer-Encoding: chunked'], chunks)]);

    expect(statuses.at(-1)).toBe(400);
    expect(called()).not.toContain('ingest');
  });

  it('in good chunks is taken whole', async () => {
    const { statuses } = await talk(server.port, [
      request([good, 'Transfer-Encoding: chunked', 'Connection: close']),
      '2\r\n{"\r\n',
      '5\r\na":1}\r\n0\r\n\r\n',
    ]);

    expect(statuses).toEqual([200]);
    expect(fake.calls.at(-1)).toMatchObject({ given: { body: Buffer.from('{"a":1}') } });
  });
});

describe('a body that is too long', () => {
  it('with a good token in chunks: 200, swept, closed', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const pieces = Array.from({ length: 8 }, () => chunk);

    const { statuses } = await talk(server.port, [request([good, 'Transfer-Encoding: chunked']), ...pieces]);

    expect(statuses).toEqual([200]);
    expect(called()).toEqual(['checkToken', 'sweepProjectsOf']);
  });

  it('with a good token by its length: 200 without reading it', async () => {
    const { statuses, answer } = await talk(server.port, [request([good, 'Content-Length: 900000'])]);

    expect(statuses).toEqual([200]);
    expect(answer).toContain('connection: close');
  });

  it.each(['Content-Length: 25000000', 'Transfer-Encoding: chunked'])(
    'without a good token, %s: 403 that arrives, without reading it',
    async (framing) => {
      const before = process.memoryUsage().rss;
      const pieces = Array.from({ length: 25 }, () => `f4240\r\n${'x'.repeat(1_000_000)}\r\n`);

      const { statuses, answer } = await talk(server.port, [
        request(['X-Gitlab-Token: wrong', framing]),
        ...pieces,
      ]);

      expect(statuses).toEqual([403]);
      expect(answer).toContain('WEBHOOK_DENIED');
      expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
    },
  );

  it('is not asked for when the sender asks first', async () => {
    const { answer } = await talk(server.port, [
      request(['X-Gitlab-Token: wrong', 'Expect: 100-continue', 'Content-Length: 20']),
    ]);

    expect(answer).toMatch(/^HTTP\/1\.1 403/);
  });

  it('is asked for once the token is known', async () => {
    const { statuses } = await talk(server.port, [
      request([good, 'Expect: 100-continue', 'Content-Length: 2', 'Connection: close']),
      '{}',
    ]);

    expect(statuses).toEqual([100, 200]);
    expect(called()).toEqual(['checkToken', 'ingest']);
  });
});

describe('a slow sender', () => {
  it('of headers is closed', async () => {
    const letters = [...'GET /health HTTP/1.1\r\nHost: localhost\r\nX: '].concat(
      Array.from({ length: 200 }, () => 'a'),
    );

    const { statuses, lastedMs } = await talk(server.port, letters, { everyMs: 20 });

    expect(statuses).toEqual([408]);
    expect(lastedMs).toBeLessThan(2_500);
  });

  it('of a body is closed', async () => {
    const letters = Array.from({ length: 200 }, () => 'a');

    const { statuses, lastedMs } = await talk(
      server.port,
      [request([good, 'Content-Length: 5000']), ...letters],
      {
        everyMs: 20,
      },
    );

    expect(statuses).toEqual([408]);
    expect(lastedMs).toBeLessThan(3_000);
    expect(called()).toEqual(['checkToken']);
  });

  it('does not hold up others', async () => {
    const slow = Array.from({ length: 200 }, () =>
      createConnection({ port: server.port, host: '127.0.0.1' }),
    );
    for (const socket of slow) socket.on('error', () => undefined).write('GET /health HTTP/1.1\r\nX: ');

    const answer = await fetch(`${server.url}/health`);

    expect(answer.status).toBe(200);
    for (const socket of slow) socket.destroy();
  });
});

describe('two requests in one', () => {
  const hidden = 'POST /internal/tick HTTP/1.1\r\nHost: localhost\r\nX-Trigger-Auth: x\r\n\r\n';

  it.each([
    ['a length and chunks', ['Content-Length: 6', 'Transfer-Encoding: chunked']],
    ['chunks twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['chunks and something else', ['Transfer-Encoding: chunked, identity']],
    ['an unknown framing', ['Transfer-Encoding: xchunked']],
    ['two lengths', ['Content-Length: 0', 'Content-Length: 60']],
    ['a length with a sign', ['Content-Length: +2']],
    ['a length with a space in its name', ['Content-Length : 2']],
    ['a folded line', ['X: a', ' Transfer-Encoding: chunked']],
    ['a line that ends in a bare LF', ['X: a\nTransfer-Encoding: chunked']],
    ['a NUL', ['X: a\0b']],
  ])('hidden by %s: one answer, 400, and no effect', async (_what, lines) => {
    const { statuses } = await talk(server.port, [request([good, ...lines], `0\r\n\r\n${hidden}`)]);

    expect(statuses).toHaveLength(1);
    expect(statuses[0]).toBe(400);
    expect(called()).not.toContain('ingest');
  });
});

describe('what is no request', () => {
  it.each([
    ['a header of 100 KB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
    ['10,000 headers', `GET / HTTP/1.1\r\nHost: localhost\r\n${'X: a\r\n'.repeat(10_000)}\r\n`, 431],
    ['a path of 100 KB', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['an unknown method', 'FETCH /health HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00', 400],
    ['a bad expectation', 'GET /health HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n', 417],
    ['CONNECT', 'CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n', 405],
  ])('%s is refused and closed', async (_what, bytes, status) => {
    const { statuses, answer } = await talk(server.port, [bytes]);

    expect(statuses).toEqual([status]);
    expect(answer.toLowerCase()).toContain('content-length: ');
    expect(answer).not.toMatch(/at .*\.[jt]s:/);
  });

  it('TRACE and QUERY are 405 with Allow', async () => {
    for (const method of ['TRACE', 'QUERY']) {
      const { statuses, answer } = await talk(server.port, [
        `${method} /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      ]);

      expect(statuses).toEqual([405]);
      expect(answer).toContain('allow: GET, HEAD');
    }
  });
});

describe('a repeated token header', () => {
  it.each([
    [[good, good]],
    [[good, 'X-Gitlab-Token: wrong']],
    [['X-Gitlab-Token: wrong', good]],
    [['X-Gitlab-Token:   ']],
  ])('%j is 403', async (lines) => {
    const { statuses } = await talk(server.port, [
      request([...lines, 'Content-Length: 2', 'Connection: close'], '{}'),
    ]);

    expect(statuses).toEqual([403]);
    expect(called()).not.toContain('ingest');
  });

  it('with spaces around its value is that value', async () => {
    const { statuses } = await talk(server.port, [
      request([`X-Gitlab-Token:    ${webhookToken}   `, 'Content-Length: 2', 'Connection: close'], '{}'),
    ]);

    expect(statuses).toEqual([200]);
  });
});
