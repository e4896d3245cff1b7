import { type Route, routes } from '@polar-gosling/api-contract';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { createFakeEngine } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';

const fake = createFakeEngine();
const unlimited = { burst: 1e9, perSecond: 1e9 };
const app: FastifyInstance = testApp(fake.engine, { limits: { perSource: unlimited, perToken: unlimited } });
afterAll(() => app.close());

const values: Record<string, string> = {
  name: 'my-app',
  egg: 'my-app',
  id: 'plan-1',
  server: 'gitlab.com',
  project_id: '1',
  job_id: '7',
};
const bodies: Record<string, object> = {
  launchRunners: { egg_name: 'my-app' },
  createToken: { name: 'x', role: 'read' },
  previewNest: { files: [] },
  freezeAll: { why: 'x' },
  freezeEgg: { why: 'x' },
};
const queries: Record<string, string> = { listRuns: '?egg=my-app' };

async function statusOf(name: string, route: Route, token: string | undefined): Promise<number> {
  const options: InjectOptions = {
    method: route.method,
    url: `${route.path.replace(/\{(\w+)\}/g, (_whole, param: string) => values[param] ?? 'x')}${queries[name] ?? ''}`,
    headers: token === undefined ? {} : { 'x-gosling-token': token },
    ...(bodies[name] && { payload: bodies[name] }),
  };
  return (await app.inject(options)).statusCode;
}

const guarded = Object.entries<Route>(routes).filter(([, { auth }]) => auth === 'api');

describe('every guarded route', () => {
  it('is a guarded route', () => {
    expect(guarded.length).toBeGreaterThan(20);
  });

  it.each(guarded)('%s refuses whoever has no valid token', async (name, route) => {
    const codes = [
      await statusOf(name, route, undefined),
      await statusOf(name, route, 'expired-token'),
      await statusOf(name, route, ''),
      await statusOf(name, route, '__proto__'),
    ];

    expect(codes).toEqual([401, 401, 401, 401]);
  });

  it.each(guarded.filter(([, { role }]) => role !== undefined))(
    '%s refuses a read-only token',
    async (name, route) => {
      expect(await statusOf(name, route, 'read-token')).toBe(403);
    },
  );

  it.each(guarded.filter(([, { role }]) => role === 'admin'))(
    '%s refuses a token that may only write',
    async (name, route) => {
      expect(await statusOf(name, route, 'write-token')).toBe(403);
    },
  );

  it.each(guarded)('%s shows a token of another Egg nothing of this one', async (name, route) => {
    const before = fake.calls.length;

    const status = await statusOf(name, route, 'other-egg-token');
    const changed = fake.calls
      .slice(before)
      .filter(({ name: call }) => ['sync', 'createToken'].includes(call));

    if (route.wholeInstallation) expect(status).toBe(403);
    else if (route.params === undefined && route.method === 'GET') expect(status).toBe(200);
    // Its page shows what the token may see.
    else if (name === 'createPageLink') expect(status).toBe(201);
    else expect(status).toBe(404);
    expect(changed).toEqual([]);
  });

  it.each(guarded)('%s lets an admin through', async (name, route) => {
    expect(await statusOf(name, route, 'admin-token')).not.toBeOneOf([401, 403]);
  });
});

describe('lists', () => {
  it.each(['/eggs', '/runners', '/ci-jobs'])('%s is empty for a token of another Egg', async (url) => {
    const answer = await app.inject({ url, headers: { 'x-gosling-token': 'other-egg-token' } });

    expect(answer.json()).toEqual({ items: [] });
  });
});

describe('tokens', () => {
  const get = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/eggs', headers })).statusCode;

  it('come as a bearer or as a header of our own', async () => {
    expect(await get({ authorization: 'Bearer read-token' })).toBe(200);
    expect(await get({ authorization: 'bearer  read-token' })).toBe(200);
    expect(await get({ 'x-gosling-token': 'read-token' })).toBe(200);
    expect(await get({ authorization: 'Bearer read-token', 'x-gosling-token': 'read-token' })).toBe(200);
  });

  it('prove nothing when two differ, or by another scheme, or in the address', async () => {
    expect(await get({ authorization: 'Bearer read-token', 'x-gosling-token': 'admin-token' })).toBe(401);
    expect(await get({ authorization: 'Basic read-token' })).toBe(401);
    expect(await get({ authorization: 'read-token' })).toBe(401);
    expect((await app.inject('/eggs?token=read-token')).statusCode).toBe(401);
  });

  it('are checked before the body is looked at', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/runners',
      headers: { 'content-type': 'application/json' },
      payload: '{broken',
    });

    expect(answer.statusCode).toBe(401);
  });
});
