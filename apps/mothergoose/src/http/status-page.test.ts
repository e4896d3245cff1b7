import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { callers, createFakeEngine } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function linkFor(token: string): Promise<string> {
  const headers = { host: 'localhost', 'x-gosling-token': token };
  const answer = await apps.at(-1)?.inject({ method: 'POST', url: '/page-links', headers });
  expect(answer?.statusCode).toBe(201);
  return answer?.json().path;
}

function start(isLoopback = true, parts: Parameters<typeof createFakeEngine>[0] = {}) {
  const app = testApp(createFakeEngine(parts).engine, { config: { listen: { isLoopback } } });
  apps.push(app);
  return (headers: Record<string, string>, remoteAddress = '127.0.0.1', url = '/') =>
    app.inject({ url, headers, remoteAddress });
}

describe('the status page', () => {
  it('is shown to no process of the machine itself without a token', async () => {
    const get = start();

    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:8080']) {
      const page = await get({ host });
      expect(page.statusCode).toBe(401);
      expect(page.body).toContain('gosling status --page');
      expect(page.body).not.toContain('my-app');
    }
    expect((await get({ host: 'localhost' }, '127.0.0.1', '/?token=read-token')).statusCode).toBe(401);
    expect((await get({ host: 'localhost', cookie: 'gosling_page=guess' })).statusCode).toBe(401);
  });

  it('is shown, under a strict policy, to a browser that a one-time link has signed in', async () => {
    const get = start();
    const path = await linkFor('read-token');

    const login = await get({ host: 'localhost' }, '127.0.0.1', path);
    const cookie = String(login.headers['set-cookie']);
    const page = await get({ host: 'localhost', cookie: cookie.split(';')[0] ?? '' });

    expect(login.statusCode).toBe(200);
    expect(cookie).toMatch(/^gosling_page=[\w-]{40,}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(page.statusCode).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("default-src 'none'; style-src 'self'"),
    });
    expect(page.body).toContain('my-app');
    expect(page.body).toContain('starting runner');
    expect(page.body).not.toMatch(/never shown|MASKED|vault:/);
    expect((await get({ host: 'localhost' }, '127.0.0.1', path)).statusCode).toBe(401);
  });

  it('shows in a browser what the token behind the link may see, as long as it is valid', async () => {
    const given = { ...callers };
    const authenticate = async (token: string) => given[token];
    const get = start(false, { tokens: { authenticate } });
    const signIn = async (token: string) => {
      const login = await get({ host: 'goose' }, '203.0.113.1', await linkFor(token));
      const cookie = String(login.headers['set-cookie']);
      expect(cookie).toContain('; Secure');
      return { host: 'goose', cookie: `other=1; ${cookie.split(';')[0]}` };
    };
    const other = await signIn('other-egg-token');
    const reader = await signIn('read-token');

    expect((await get(other)).body).not.toContain('my-app');
    expect((await get(reader)).body).toContain('my-app');
    delete given['read-token'];
    expect((await get(reader)).statusCode).toBe(401);
  });

  it('is shown to a token from anywhere, with what that token may see', async () => {
    const get = start(false);
    const host = 'gosling.example.com';

    const all = await get({ host, 'x-gosling-token': 'read-token' }, '203.0.113.1');
    const other = await get({ host, 'x-gosling-token': 'other-egg-token' }, '203.0.113.1');

    expect(all.body).toContain('my-app');
    expect(other.statusCode).toBe(200);
    expect(other.body).not.toContain('my-app');
  });

  it('brings its style as a file', async () => {
    const style = await start()({}, '203.0.113.1', '/assets/style.css');

    expect(style.headers['content-type']).toBe('text/css; charset=utf-8');
    expect(style.body).toContain('prefers-color-scheme');
  });

  it('takes nothing but GET', async () => {
    start();

    const answer = await apps[0]?.inject({ method: 'POST', url: '/', headers: { host: 'localhost' } });

    expect(answer?.statusCode).toBe(405);
    expect(answer?.headers['allow']).toBe('GET, HEAD');
  });
});

describe('/metrics', () => {
  it.each([
    ['a name re-bound to loopback', { host: 'evil.example.com:8080' }],
    ['a name that looks like loopback', { host: '127.0.0.1.evil.example.com' }],
    ['a page of the web', { host: 'localhost', origin: 'https://evil.example.com' }],
    ['no origin to speak of', { host: 'localhost', origin: 'null' }],
    ['a proxy', { host: 'localhost', 'x-forwarded-for': '203.0.113.1' }],
    ['a proxy of the newer kind', { host: 'localhost', forwarded: 'for=203.0.113.1' }],
  ])('are not shown to %s', async (_what, headers) => {
    expect((await start()(headers, '127.0.0.1', '/metrics')).statusCode).toBe(401);
  });

  it('asks for a token under the same rule', async () => {
    const local = start();
    const open = start(false);

    const codes = [
      (await local({ host: 'localhost' }, '127.0.0.1', '/metrics')).statusCode,
      (await local({ host: 'evil.example.com' }, '127.0.0.1', '/metrics')).statusCode,
      (await open({ host: 'localhost' }, '127.0.0.1', '/metrics')).statusCode,
      (await open({ 'x-gosling-token': 'read-token' }, '203.0.113.1', '/metrics')).statusCode,
    ];

    expect(codes).toEqual([200, 401, 401, 200]);
  });
});
