import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isCoded, Secret } from '@polar-gosling/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { createApiClient } from './client.ts';
import { listAll } from './pages.ts';

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.close().closeAllConnections();
});

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

async function serve(answer: (request: IncomingMessage, body: string) => Reply | undefined): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const reply = answer(request, body);
      if (reply === undefined) return;
      response.writeHead(reply.status, reply.headers);
      response.end(reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body)));
    });
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

const signal = new AbortController().signal;
const problem = (status: number, code: string) => ({
  status,
  body: { type: 'about:blank', title: code, status, detail: `refused: ${code}`, code, instance: 'urn:x' },
});

async function failureOf(work: Promise<unknown>): Promise<{ code: string; params: unknown }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isCoded(error)) throw error;
  return { code: error.code, params: error.params };
}

describe('the API client', () => {
  it('sends parameters, query, body and token, and gives the checked answer', async () => {
    const seen: unknown[] = [];
    const baseUrl = await serve((request, body) => {
      seen.push(request.method, request.url, body, request.headers['x-gosling-token']);
      seen.push(request.headers.authorization, request.headers['content-length']);
      return { status: 202, body: { status: 'accepted' } };
    });
    const client = createApiClient({ baseUrl, token: new Secret('t1'), fetch });

    const launched = await client.call('launchRunners', { body: { egg_name: 'a', count: 2 } }, { signal });
    const removed = await client.call(
      'removeRunner',
      { params: { id: 'a/b c' }, query: { force: true } },
      { signal },
    );

    expect([launched, removed]).toEqual([{ status: 'accepted' }, { status: 'accepted' }]);
    expect(seen).toEqual([
      'POST',
      '/runners',
      '{"egg_name":"a","count":2}',
      't1',
      'Bearer t1',
      '26',
      'DELETE',
      '/runners/a%2Fb%20c?force=true',
      '',
      't1',
      'Bearer t1',
      undefined,
    ]);
  });

  it('asks for the token before each call', async () => {
    const seen: unknown[] = [];
    const baseUrl = await serve((request) => {
      seen.push(request.headers.authorization);
      return { status: 204 };
    });
    let token = 'old';
    const client = createApiClient({ baseUrl, token: () => token, fetch });

    await client.call('unfreezeAll', {}, { signal });
    token = 'new';
    await client.call('unfreezeAll', {}, { signal });

    expect(seen).toEqual(['Bearer old', 'Bearer new']);
  });

  it.each([
    [401, 'API_UNAUTHORIZED'],
    [403, 'API_UNAUTHORIZED'],
    [404, 'API_PROBLEM'],
    [409, 'API_PROBLEM'],
    [500, 'API_PROBLEM'],
    [503, 'API_BUSY'],
  ])('turns a refusal with %i into %s with the code of the server', async (status, code) => {
    const baseUrl = await serve(() => problem(status, 'SOME_CODE'));
    const client = createApiClient({ baseUrl, fetch });

    const failure = await failureOf(client.call('listEggs', {}, { signal }));

    expect(failure).toMatchObject({
      code,
      params: { status, code: 'SOME_CODE', detail: 'refused: SOME_CODE' },
    });
  });

  it('carries Retry-After of a 429', async () => {
    const baseUrl = await serve(() => ({
      ...problem(429, 'HTTP_TOO_MANY'),
      headers: { 'retry-after': '7' },
    }));
    const client = createApiClient({ baseUrl, fetch });

    const failure = await failureOf(client.call('listEggs', {}, { signal }));

    expect(failure).toMatchObject({ code: 'API_BUSY', params: { retryAfterMs: 7_000 } });
  });

  it.each([
    ['no JSON', { status: 200, text: '<html>' }],
    ['another shape', { status: 200, body: { items: [{ name: 1 }] } }],
    ['a refusal that is no problem document', { status: 404, body: { error: 'nope' } }],
    ['another success', { status: 201, body: { items: [] } }],
  ])('refuses an answer that is %s', async (_what, reply) => {
    const baseUrl = await serve(() => reply);
    const client = createApiClient({ baseUrl, fetch });

    const failure = await failureOf(client.call('listEggs', {}, { signal }));

    expect(failure.code).toBe('API_BAD_ANSWER');
  });

  it('does not follow a redirect with its token', async () => {
    const elsewhere: string[] = [];
    const target = await serve((request) => {
      elsewhere.push(request.url ?? '');
      return { status: 200, body: { items: [] } };
    });
    const baseUrl = await serve(() => ({ status: 302, headers: { location: `${target}/eggs` } }));
    const client = createApiClient({ baseUrl, token: 't', fetch });

    const failure = await failureOf(client.call('listEggs', {}, { signal }));

    expect(failure.code).toBe('API_UNREACHABLE');
    expect(elsewhere).toEqual([]);
  });

  it('says who does not answer', async () => {
    const client = createApiClient({ baseUrl: 'http://127.0.0.1:1', fetch });

    const failure = await failureOf(client.call('health', {}, { signal }));

    expect(failure).toMatchObject({
      code: 'API_UNREACHABLE',
      params: { url: 'http://127.0.0.1:1/health' },
    });
  });

  it('gives up after its time', async () => {
    const baseUrl = await serve(() => undefined);
    const client = createApiClient({ baseUrl, fetch, timeoutMs: 50 });

    const failure = await failureOf(client.call('health', {}, { signal }));

    expect(failure.code).toBe('API_TIMED_OUT');
  });

  it('ends with the reason of the caller who aborts', async () => {
    const baseUrl = await serve(() => undefined);
    const client = createApiClient({ baseUrl, fetch });
    const controller = new AbortController();
    const call = client.call('health', {}, { signal: controller.signal });

    controller.abort(new DOMException('enough', 'AbortError'));

    await expect(call).rejects.toThrow('enough');
  });

  it('walks a list to its end', async () => {
    const asked: unknown[] = [];
    const token = { name: 'n', role: 'read', created_at: '2026-01-01T00:00:00Z' };
    const baseUrl = await serve((request) => {
      asked.push(request.url);
      const isLast = request.url?.includes('cursor') === true;
      const items = [{ ...token, id: isLast ? 'b' : 'a' }];
      return { status: 200, body: isLast ? { items } : { items, cursor: 'x y' } };
    });
    const client = createApiClient({ baseUrl, fetch });

    const found: string[] = [];
    const all = listAll(client, { name: 'listTokens', request: { query: { limit: 1 } } }, { signal });
    for await (const one of all) found.push(one.id);

    expect(found).toEqual(['a', 'b']);
    expect(asked).toEqual(['/tokens?limit=1', '/tokens?limit=1&cursor=x%20y']);
  });

  it('gives text as text', async () => {
    const baseUrl = await serve(() => ({ status: 200, text: 'a log' }));
    const client = createApiClient({ baseUrl, fetch });

    expect(await client.call('runLog', { params: { id: 'r1' } }, { signal })).toBe('a log');
  });
});

describe('the stream of events', () => {
  const event = { run_id: 'run-1', egg_name: 'app', shard: 0, state: 'planning' };
  const stream = { 'content-type': 'text/event-stream; charset=utf-8' };

  /** Writes what it is told to, and knows when its reader has left. */
  async function aStream(headers: Record<string, string> = stream) {
    const asked: (string | undefined)[] = [];
    const left = Promise.withResolvers<void>();
    let write = (_text: string) => {};
    const server = createServer((request, response) => {
      asked.push(request.url, request.headers.accept, request.headers.authorization);
      response.once('close', left.resolve);
      response.writeHead(200, headers).flushHeaders();
      write = (text) => response.write(text);
      response.write(': watching\n\n');
    });
    running.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}`;
    return {
      asked,
      baseUrl,
      left: left.promise,
      write: (text: string) => write(text),
    };
  }

  it('is read event by event, and left when its reader leaves', async () => {
    const { baseUrl, asked, left, write } = await aStream();
    const client = createApiClient({ baseUrl, token: 't', fetch });
    const watching = client.watch({ query: { egg: 'app' } }, { signal });

    const first = await watching.next();
    const next = watching.next();
    write(`: nothing new\n\nevent: later\ndata: {}\n\nevent: run\ndata: ${JSON.stringify(event)}\n\n`);
    const events = [await next, await watching.next(), await watching.next()];
    await watching.return(undefined);
    await left;

    expect(first).toEqual({ done: false, value: undefined });
    expect(events.map(({ value }) => value)).toEqual([undefined, undefined, event]);
    expect(asked).toEqual(['/events?egg=app', 'text/event-stream, application/problem+json', 'Bearer t']);
  });

  it('is given up where its first word is kept back, and goes on without words after that', async () => {
    const silent = await serve(() => undefined);
    const { baseUrl, write } = await aStream();
    const options = { fetch, timeoutMs: 200 };

    const kept = await failureOf(
      createApiClient({ baseUrl: silent, ...options })
        .watch({}, { signal })
        .next(),
    );
    const watching = createApiClient({ baseUrl, ...options }).watch({}, { signal });
    await watching.next();
    setTimeout(() => write(`event: run\ndata: ${JSON.stringify(event)}\n\n`), 400);

    expect(kept.code).toBe('API_TIMED_OUT');
    expect((await watching.next()).value).toEqual(event);
    await watching.return(undefined);
  });

  it.each([
    ['a refusal', { ...problem(404, 'HTTP_NO_ROUTE') }, 'API_PROBLEM'],
    [
      'an event of another shape',
      { status: 200, text: 'event: run\ndata: {}\n\n', headers: stream },
      'API_BAD_ANSWER',
    ],
  ])('fails as a call does with %s', async (_what, reply, code) => {
    const baseUrl = await serve(() => reply);
    const client = createApiClient({ baseUrl, fetch });

    expect((await failureOf(client.watch({}, { signal }).next())).code).toBe(code);
  });

  it('holds no connection to what is no such stream', async () => {
    const { baseUrl, left } = await aStream({ 'content-type': 'text/html' });
    const client = createApiClient({ baseUrl, fetch });

    const failure = await failureOf(client.watch({}, { signal }).next());

    expect(failure.code).toBe('API_BAD_ANSWER');
    await left;
  });

  it('ends with the reason of the caller who aborts', async () => {
    const { baseUrl, left } = await aStream();
    const controller = new AbortController();
    const watching = createApiClient({ baseUrl, fetch }).watch({}, { signal: controller.signal });
    await watching.next();
    const next = watching.next();

    controller.abort(new DOMException('enough', 'AbortError'));

    await expect(next).rejects.toThrow('enough');
    await left;
  });
});

describe('the address of MotherGoose', () => {
  it.each([
    ['http://127.0.0.1:8080', true],
    ['http://localhost:1/', true],
    ['http://[::1]:8080', true],
    ['https://gosling.example.com/prefix/', true],
    ['http://gosling.example.com', 'API_INSECURE_URL'],
    ['http://127.0.0.1.example.com', 'API_INSECURE_URL'],
    ['https://user:secret@host', 'API_BAD_URL'],
    ['ftp://host', 'API_BAD_URL'],
    ['', 'API_BAD_URL'],
  ])('%s → %s', (baseUrl, expected) => {
    let found: string | boolean = true;
    try {
      createApiClient({ baseUrl, fetch });
    } catch (error) {
      found = isCoded(error) ? error.code : false;
    }

    expect(found).toBe(expected);
  });

  it('does not repeat a password in the refusal', () => {
    expect(() => createApiClient({ baseUrl: 'https://user:hunter2@host', fetch })).toThrow(
      /^(?!.*hunter2).*address/s,
    );
  });
});
