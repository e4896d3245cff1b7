import { createFakeClock } from '@polar-gosling/testkit';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeEngine, webhookToken } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';
import { createRateLimiter, sourceOf } from './rate-limit.ts';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

function start() {
  const clock = createFakeClock();
  const app = testApp(createFakeEngine().engine, {
    clock,
    limits: { perSource: { burst: 20, perSecond: 1 }, perToken: { burst: 10, perSecond: 1 } },
  });
  apps.push(app);
  const get = async (url: string, token?: string, from = '203.0.113.1') =>
    app.inject({
      url,
      remoteAddress: from,
      headers: token === undefined ? {} : { 'x-gosling-token': token },
    });
  const hook = async (token: string) =>
    app.inject({
      method: 'POST',
      url: '/webhooks/gitlab',
      remoteAddress: '203.0.113.1',
      headers: { 'x-gitlab-token': token },
      payload: {},
    });
  return { clock, get, hook };
}

async function codesOf(times: number, call: () => Promise<{ statusCode: number }>): Promise<number[]> {
  const codes: number[] = [];
  for (let time = 0; time < times; time++) codes.push((await call()).statusCode);
  return codes;
}

describe('the rate limit', () => {
  it('counts a failed proof five times and then answers 429 with Retry-After', async () => {
    const { get } = start();

    const codes = await codesOf(5, () => get('/eggs', 'guess'));
    const last = await get('/eggs', 'guess');

    expect(codes).toEqual([401, 401, 401, 401, 429]);
    expect(last.headers['retry-after']).toBe('5');
    expect(last.json()).toMatchObject({ code: 'HTTP_TOO_MANY' });
  });

  it('does not touch a valid token from the same source, nor another source', async () => {
    const { get } = start();
    await codesOf(10, () => get('/eggs', 'guess'));

    expect((await get('/eggs', 'read-token')).statusCode).toBe(200);
    expect((await get('/eggs', 'guess', '203.0.113.2')).statusCode).toBe(401);
  });

  it('counts per token, whatever the source', async () => {
    const { get } = start();

    const codes = await codesOf(11, () => get('/eggs', 'read-token'));

    expect(codes.at(-2)).toBe(200);
    expect(codes.at(-1)).toBe(429);
    expect((await get('/eggs', 'read-token', '203.0.113.9')).statusCode).toBe(429);
    expect((await get('/eggs', 'admin-token')).statusCode).toBe(200);
  });

  it('counts a failed request of a valid token five times', async () => {
    const { get } = start();

    const codes = await codesOf(3, () => get('/eggs/none', 'read-token'));

    expect(codes).toEqual([404, 404, 429]);
  });

  it('fills up again with time', async () => {
    const { get, clock } = start();
    await codesOf(10, () => get('/eggs', 'guess'));

    await clock.advance(5_000);

    expect((await get('/eggs', 'guess')).statusCode).toBe(401);
    expect((await get('/eggs', 'guess')).statusCode).toBe(429);
  });

  it('answers 429 instead of 403 to a source whose webhooks fail, and never to a valid token', async () => {
    const { hook } = start();

    const wrong = await codesOf(6, () => hook('guess'));
    const right = await codesOf(60, () => hook(webhookToken));

    expect(wrong).toEqual([403, 403, 403, 403, 429, 429]);
    expect(new Set(right)).toEqual(new Set([200]));
  });

  it('counts paths that do not exist and public ones against the source', async () => {
    const { get } = start();

    expect((await codesOf(5, () => get('/nothing'))).at(-1)).toBe(429);
    expect((await get('/health')).statusCode).toBe(429);
  });
});

describe('a bucket', () => {
  it('never gives more than its burst and its refill', async () => {
    const step = fc.record({ waitMs: fc.nat(3_000), cost: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = createFakeClock();
        const limiter = createRateLimiter({ burst: 10, perSecond: 2 }, clock);
        let spent = 0;
        for (const { waitMs, cost } of steps) {
          await clock.advance(waitMs);
          if (limiter.spend('a', cost).kind === 'ok') spent += cost;
          expect(spent).toBeLessThanOrEqual(10 + (2 * clock.monotonic()) / 1_000 + 1e-6);
        }
      }),
    );
  });

  it('is enough after the time that it told', async () => {
    const clock = createFakeClock();
    const limiter = createRateLimiter({ burst: 5, perSecond: 0.5 }, clock);
    limiter.spend('a', 5);

    const refused = limiter.spend('a', 3);
    await clock.advance(refused.kind === 'empty' ? refused.retryAfterS * 1_000 : 0);

    expect(refused).toEqual({ kind: 'empty', retryAfterS: 6 });
    expect(limiter.spend('a', 3)).toEqual({ kind: 'ok' });
  });

  it('costs bounded memory, however many sources there are', () => {
    const limiter = createRateLimiter({ burst: 1, perSecond: 1e-9 }, createFakeClock());
    limiter.spend('first', 1);

    for (let place = 0; place < 20_000; place++) limiter.spend(`source ${place}`, 1);

    expect(limiter.spend('first', 1)).toEqual({ kind: 'ok' });
    expect(limiter.spend('source 19999', 1).kind).toBe('empty');
  });
});

describe('a source', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, expected) => {
    expect(sourceOf(address)).toBe(expected);
  });
});
