import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { type Logger, Secret, silentLogger } from '@polar-gosling/kernel';
import type { HookSpec } from '@polar-gosling/ports/gitlab';
import { createSeededIds } from '@polar-gosling/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGitlab, type Gitlab, type GitlabDeps } from './gitlab.ts';
import { type LocalGitlab, type Reply, sendJson, startLocalGitlab } from './testing/local-gitlab.ts';
import { makeCertificates } from './testing/make-certificates.ts';
import { createQuickClock } from './testing/quick-clock.ts';

const { signal } = new AbortController();
const token = new Secret('glpat-0123456789');
const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const thing of open.splice(0)) await thing[Symbol.asyncDispose]();
});

function aGitlab(deps: Partial<GitlabDeps> = {}): Gitlab {
  const clock = createQuickClock();
  const gitlab = createGitlab({
    clock,
    ids: createSeededIds(1, clock),
    logger: silentLogger,
    allowPrivate: true,
    userAgent: 'PolarGosling/1',
    ...deps,
  });
  open.push({ [Symbol.asyncDispose]: () => gitlab.close() });
  return gitlab;
}

async function aServer(reply: Reply): Promise<LocalGitlab> {
  const server = await startLocalGitlab(reply);
  open.push(server);
  return server;
}

const hook: HookSpec = {
  url: 'https://goose.example/webhooks/gitlab',
  token: new Secret('hook-secret'),
  sslVerification: true,
  name: 'polar-gosling',
};

describe('a call to GitLab', () => {
  it('carries the token, our name and the base path of GitLab', async () => {
    const server = await aServer((_seen, response) => sendJson(response, { version: '19.4.1-ee' }));

    const answer = await aGitlab().reader.metadata({ url: `${server.url}/gitlab/`, token }, { signal });

    expect(answer).toEqual({ version: '19.4.1-ee' });
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      url: '/gitlab/api/v4/metadata',
      headers: { 'private-token': 'glpat-0123456789', 'user-agent': 'PolarGosling/1' },
    });
  });

  it('writes a project path as one part of the URL', async () => {
    const server = await aServer((_seen, response) => sendJson(response, {}, { status: 404 }));

    const found = await aGitlab().reader.project({ url: server.url, token }, 'a/b c/../d', { signal });

    expect(found).toBeUndefined();
    expect(server.requests[0]?.url).toBe('/api/v4/projects/a%2Fb%20c%2F..%2Fd');
  });

  it.each([
    [401, 'GITLAB_UNAUTHORIZED', 'never'],
    [403, 'GITLAB_FORBIDDEN', 'never'],
    [404, 'GITLAB_NOT_FOUND', 'never'],
    [400, 'GITLAB_REFUSED', 'never'],
    [409, 'GITLAB_REFUSED', 'never'],
    [422, 'GITLAB_REFUSED', 'never'],
    [429, 'GITLAB_RATE_LIMITED', 'backoff'],
    [500, 'GITLAB_UNREACHABLE', 'backoff'],
    [503, 'GITLAB_UNREACHABLE', 'backoff'],
  ])('turns status %i into %s', async (status, code, retry) => {
    const server = await aServer((_seen, response) => sendJson(response, { message: 'no' }, { status }));

    const made = aGitlab().hooks.create({ url: server.url, token }, { projectId: 1, spec: hook }, { signal });

    await expect(made).rejects.toMatchObject({ code, retry });
    expect(server.requests).toHaveLength(1);
  });

  it('hands on why GitLab refused, by field too', async () => {
    const server = await aServer((_seen, response) =>
      sendJson(response, { message: { url: ['is blocked'] } }, { status: 422 }),
    );

    const made = aGitlab().hooks.create({ url: server.url, token }, { projectId: 1, spec: hook }, { signal });

    await expect(made).rejects.toThrow('{"url":["is blocked"]}');
  });

  it('tries a read again after a server error, with a jittered pause, and gives up after three', async () => {
    const clock = createQuickClock();
    const server = await aServer((_seen, response) => sendJson(response, {}, { status: 502 }));

    const read = aGitlab({ clock }).reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });
    expect(server.requests).toHaveLength(3);
    expect(clock.slept).toHaveLength(2);
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(500);
  });

  it('recovers when the second try is answered', async () => {
    const server: LocalGitlab = await aServer((_seen, response) =>
      server.requests.length === 1
        ? sendJson(response, {}, { status: 500 })
        : sendJson(response, { version: '19.4.1' }),
    );

    const read = aGitlab().reader.metadata({ url: server.url, token }, { signal });

    await expect(read).resolves.toEqual({ version: '19.4.1' });
  });

  it.each(['PUT', 'POST', 'DELETE'])('never repeats a %s that failed', async (method) => {
    const server = await aServer((_seen, response) => response.socket?.destroy());
    const { hooks } = aGitlab();
    const target = { url: server.url, token };
    const at = { projectId: 1, hookId: 2, spec: hook };
    const calls: Record<string, () => Promise<unknown>> = {
      PUT: () => hooks.update(target, at, { signal }),
      POST: () => hooks.create(target, at, { signal }),
      DELETE: () => hooks.remove(target, at, { signal }),
    };

    await expect(calls[method]?.()).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });
    expect(server.requests.map((seen) => seen.method)).toEqual([method]);
  });

  it('waits as long as a limited read is told to, then reads', async () => {
    const clock = createQuickClock();
    const server: LocalGitlab = await aServer((_seen, response) =>
      server.requests.length === 1
        ? sendJson(response, {}, { status: 429, headers: { 'retry-after': '3' } })
        : sendJson(response, { version: '19.4.1' }),
    );

    const read = aGitlab({ clock }).reader.metadata({ url: server.url, token }, { signal });

    await expect(read).resolves.toEqual({ version: '19.4.1' });
    expect(clock.slept).toEqual([3_000]);
  });

  it('leaves a long wait to its caller, and sends nothing more until it is over', async () => {
    const clock = createQuickClock();
    const server = await aServer((_seen, response) =>
      sendJson(response, {}, { status: 429, headers: { 'retry-after': '60' } }),
    );
    const events: unknown[] = [];
    const { reader } = aGitlab({ clock, onRateLimit: (event) => events.push(event) });
    const target = { url: server.url, token };

    const limited = { code: 'GITLAB_RATE_LIMITED', params: { retryAfterMs: 60_000 } };
    await expect(reader.metadata(target, { signal })).rejects.toMatchObject(limited);
    await expect(reader.metadata(target, { signal })).rejects.toMatchObject(limited);

    expect(server.requests).toHaveLength(1);
    expect(events).toEqual([{ kind: 'limited', server: `127.0.0.1:${server.port}`, waitMs: 60_000 }]);
  });

  it('takes the time from RateLimit-Reset where Retry-After is absent', async () => {
    const clock = createQuickClock();
    const reset = String(clock.now() / 1000 + 42);
    const server = await aServer((_seen, response) =>
      sendJson(response, {}, { status: 429, headers: { 'ratelimit-reset': reset } }),
    );

    const read = aGitlab({ clock }).reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ params: { retryAfterMs: 42_000 } });
  });

  it('backs off by itself when a limited answer says no time at all', async () => {
    const clock = createQuickClock();
    const server = await aServer((_seen, response) => sendJson(response, {}, { status: 429 }));

    const read = aGitlab({ clock }).reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
    expect(server.requests).toHaveLength(3);
    expect(Math.min(...clock.slept)).toBeGreaterThanOrEqual(2_000);
  });

  it('follows no redirect', async () => {
    const elsewhere = await aServer((_seen, response) => sendJson(response, { version: '0' }));
    const server = await aServer((_seen, response) =>
      sendJson(response, {}, { status: 302, headers: { location: `${elsewhere.url}/api/v4/metadata` } }),
    );

    const read = aGitlab().reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_BAD_ANSWER' });
    expect(elsewhere.requests).toEqual([]);
  });

  it('refuses a login page in place of an answer', async () => {
    const server = await aServer((_seen, response) => response.end('<html>sign in</html>'));

    const read = aGitlab().reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_BAD_ANSWER' });
  });

  it('names the field of an answer it does not know, not its value', async () => {
    const server = await aServer((_seen, response) => sendJson(response, { version: ['secret'] }));

    const read = aGitlab().reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_BAD_ANSWER' });
    await expect(read).rejects.toThrow(/version: (?!.*secret)/);
  });

  it('stops reading a body without end', async () => {
    let isStopped = false;
    const server = await aServer((_seen, response) => {
      const chunk = Buffer.alloc(65_536, 'a');
      const pump = () => {
        while (!isStopped && response.write(chunk));
      };
      response.on('drain', pump);
      response.on('close', () => {
        isStopped = true;
      });
      pump();
    });
    const limits = { maxBodyBytes: 1_000_000 };

    const read = aGitlab({ limits }).reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_BAD_ANSWER' });
    await expect.poll(() => isStopped).toBe(true);
  });

  it('gives up on a body that drips', async () => {
    const server = await aServer((_seen, response) => {
      response.write('{');
    });
    const limits = { timeoutMs: 100, retry: { attempts: 1, baseMs: 1, capMs: 1 } };

    const read = aGitlab({ limits }).reader.metadata({ url: server.url, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });
  });

  it('says that nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    server.close();

    const read = aGitlab().reader.metadata({ url: `http://127.0.0.1:${port}`, token }, { signal });

    await expect(read).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });
    await expect(read).rejects.toThrow('ECONNREFUSED');
  });

  it("ends with its caller's signal and its reason", async () => {
    const server = await aServer(() => undefined);
    const caller = new AbortController();
    const reason = new DOMException('stop', 'AbortError');

    const read = aGitlab().reader.metadata({ url: server.url, token }, { signal: caller.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    caller.abort(reason);

    await expect(read).rejects.toBe(reason);
  });

  it('shows the token in no error and no log line', async () => {
    const lines: unknown[] = [];
    const logger: Logger = { ...silentLogger, debug: (...line) => void lines.push(line) };
    const server = await aServer((_seen, response) => response.socket?.destroy());

    const failure = await aGitlab({ logger })
      .reader.metadata({ url: server.url, token }, { signal })
      .catch((error: unknown) => error);

    expect(lines).toHaveLength(3);
    expect(JSON.stringify([lines, failure, String(failure)])).not.toContain(token.reveal());
  });
});

describe('TLS', () => {
  let certificates: ReturnType<typeof makeCertificates>;
  beforeAll(() => {
    certificates = makeCertificates();
  });

  it('trusts a private authority only where it is given', async () => {
    const server = await startLocalGitlab(
      (_seen, response) => sendJson(response, { version: '1' }),
      certificates,
    );
    open.push(server);
    const { reader } = aGitlab({ limits: { retry: { attempts: 1, baseMs: 1, capMs: 1 } } });

    const without = reader.metadata({ url: server.url, token }, { signal });
    await expect(without).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });
    const withCa = reader.metadata({ url: server.url, token, caPem: certificates.caPem }, { signal });
    await expect(withCa).resolves.toEqual({ version: '1' });

    const again = reader.metadata({ url: server.url, token }, { signal });
    await expect(again).rejects.toMatchObject({ code: 'GITLAB_UNREACHABLE' });
    expect(server.requests).toHaveLength(1);
  });

  it('refuses a certificate of another name', async () => {
    const server = await startLocalGitlab(
      (_seen, response) => sendJson(response, { version: '1' }),
      certificates,
    );
    open.push(server);
    const gitlab = aGitlab({
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
      limits: { retry: { attempts: 1, baseMs: 1, capMs: 1 } },
    });
    const { caPem } = certificates;

    const right = { url: `https://gitlab.test:${server.port}`, token, caPem };
    const wrong = { url: `https://other.test:${server.port}`, token, caPem };

    await expect(gitlab.reader.metadata(right, { signal })).resolves.toEqual({ version: '1' });
    await expect(gitlab.reader.metadata(wrong, { signal })).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('goes through the proxy to servers it is not told to leave out', async () => {
    const server = await startLocalGitlab(
      (_seen, response) => sendJson(response, { version: '1' }),
      certificates,
    );
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const onward = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 ok\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const httpsProxy = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const gitlab = aGitlab({
      proxy: { httpsProxy, noProxy: '127.0.0.1' },
      resolve: async () => [],
    });
    open.push(server, { [Symbol.asyncDispose]: async () => void proxy.close() });
    const { caPem } = certificates;

    const through = await gitlab.reader.metadata({ url: 'https://gitlab.test', token, caPem }, { signal });
    const direct = await gitlab.reader.metadata({ url: server.url, token, caPem }, { signal });

    expect([through, direct]).toEqual([{ version: '1' }, { version: '1' }]);
    expect(asked).toEqual(['gitlab.test:443']);
  });
});
