import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeEngine } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

function start(isLoopback = true) {
  const app = testApp(createFakeEngine().engine, { config: { listen: { isLoopback } } });
  apps.push(app);
  return (headers: Record<string, string>, remoteAddress = '127.0.0.1', url = '/') =>
    app.inject({ url, headers, remoteAddress });
}

describe('the status page', () => {
  it('is shown on the machine itself without a token, under a strict policy', async () => {
    const get = start();

    const page = await get({ host: '127.0.0.1:8080' });

    expect(page.statusCode).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("default-src 'none'; style-src 'self'"),
    });
    expect(page.body).toContain('my-app');
    expect(page.body).toContain('starting runner');
    expect(page.body).not.toMatch(/never shown|MASKED|vault:/);
  });

  it.each(['localhost', 'localhost:1', '[::1]:8080', '127.0.0.1'])('knows itself as %s', async (host) => {
    expect((await start()({ host })).statusCode).toBe(200);
  });

  it.each([
    ['a name re-bound to loopback', { host: 'evil.example.com:8080' }],
    ['a name that looks like loopback', { host: '127.0.0.1.evil.example.com' }],
    ['a page of the web', { host: 'localhost', origin: 'https://evil.example.com' }],
    ['no origin to speak of', { host: 'localhost', origin: 'null' }],
    ['a proxy', { host: 'localhost', 'x-forwarded-for': '203.0.113.1' }],
    ['a proxy of the newer kind', { host: 'localhost', forwarded: 'for=203.0.113.1' }],
  ])('is not shown to %s', async (_what, headers) => {
    const page = await start()(headers);

    expect(page.statusCode).toBe(401);
    expect(page.body).toContain('X-Gosling-Token');
    expect(page.body).not.toContain('my-app');
  });

  it('is not shown without a token when the listener is open to others', async () => {
    const get = start(false);

    expect((await get({ host: 'localhost' })).statusCode).toBe(401);
    expect((await get({ host: 'gosling.example.com' }, '203.0.113.1')).statusCode).toBe(401);
    expect((await get({ host: 'localhost' }, '127.0.0.1', '/?token=read-token')).statusCode).toBe(401);
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
