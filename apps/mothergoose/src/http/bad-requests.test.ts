import { METHODS } from 'node:http';
import { Problem, type Route, routes } from '@polar-gosling/api-contract';
import { defineErrors } from '@polar-gosling/kernel';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { createFakeEngine } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';

const testErrors = defineErrors('TEST', {
  down: { message: () => 'the store is down', http: 503, retry: 'backoff' },
});
const unlimited = { burst: 1e9, perSecond: 1e9 };
const limits = { perSource: unlimited, perToken: unlimited, answerTimeoutMs: 200 };
const app: FastifyInstance = testApp(
  createFakeEngine({
    queries: {
      egg: async (_caller, name, { signal }) => {
        if (name === 'crash') throw new TypeError('password=hunter2 at /secret/file.ts:1');
        if (name === 'down') throw testErrors.down({});
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      },
    },
  }).engine,
  { limits },
);
afterAll(() => app.close());

const admin = { 'x-gosling-token': 'admin-token' };
const get = (url: string) => app.inject({ url, headers: admin });
const post = (url: string, payload: string, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url,
    headers: { ...admin, 'content-type': 'application/json', ...headers },
    payload,
  });

describe('what is asked wrongly', () => {
  it.each([
    ['/runners?limit=0', 'query.limit'],
    ['/runners?limit=501', 'query.limit'],
    ['/runners?limit=1&limit=2', 'query.limit'],
    ['/runners?limit=1e2', 'query.limit'],
    ['/runners?limit=', 'query.limit'],
    ['/runners?state=apex', 'query.state'],
    ['/runners?eg=x', 'query'],
    ['/eggs/a%00b', 'params.name'],
    ['/why/gitlab.com/1/x', 'params.job_id'],
  ])('%s is 400 at %s', async (url, path) => {
    const answer = await get(url);

    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'HTTP_BAD_REQUEST', errors: [{ path }] });
  });

  it.each([
    ['a number as text', '{"egg_name":"a","count":"1"}'],
    ['an unknown field', '{"egg_name":"a","cuont":1}'],
    ['null', 'null'],
    ['an array', '[]'],
    ['a text', '"x"'],
    ['nothing', '{}'],
    ['broken JSON', '{"egg_name":'],
    ['NaN', '{"egg_name":NaN}'],
    ['a byte order mark', '\uFEFF{'],
    ['an empty body of a type', ''],
    ['100,000 levels', '['.repeat(100_000)],
    ['a key __proto__', '{"egg_name":"a","__proto__":{"polluted":1}}'],
    ['a key constructor.prototype', '{"egg_name":"a","constructor":{"prototype":{"polluted":1}}}'],
  ])('a body that is or has %s is 400', async (_what, payload) => {
    const answer = await post('/runners', payload);

    expect(answer.statusCode).toBe(400);
    expect(Problem.safeParse(answer.json()).success).toBe(true);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('does not repeat a value in the answer, and tells at most 20 problems', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, place) => [`k${place}`, 1]));

    const answer = await post(
      '/tokens',
      JSON.stringify({ name: 'glpat-secret value', role: 'glpat-2', ...many }),
    );

    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain('glpat-');
    expect(answer.body.length).toBeLessThan(5_000);
  });

  it('a body over 1 MiB is 413', async () => {
    const answer = await post('/runners', `{"egg_name":"${'a'.repeat(1_100_000)}"}`);

    expect(answer.json()).toMatchObject({ status: 413, code: 'HTTP_BODY_TOO_LARGE' });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'nonsense'])(
    'a body of type %s is 415',
    async (type) => {
      const answer = await post('/runners', '{"egg_name":"a"}', { 'content-type': type });

      expect(answer.statusCode).toBe(415);
    },
  );

  it('a compressed body is never unpacked', async () => {
    const answer = await post('/runners', '{"egg_name":"a"}', { 'content-encoding': 'gzip' });

    expect(answer.statusCode).toBe(415);
  });

  it('any bytes as a body give a problem, never a 500', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (payload) => {
        const answer = await post('/tokens', payload);

        expect(answer.statusCode).toBe(400);
        expect(Problem.safeParse(answer.json()).success).toBe(true);
      }),
      { numRuns: runs(150) },
    );
  });
});

describe('paths', () => {
  it.each([
    '/eggs/',
    '//eggs',
    '/EGGS',
    '/eggs;a=b',
    '/api/%2e%2e/eggs',
    '/../eggs',
    '/eggs/%2e%2e/tokens',
    '/eggs%2fmy-app',
    '/eggs%00',
    '/nothing',
  ])('%s is no way around the token', async (url) => {
    const answer = await app.inject({ url });

    expect(answer.statusCode).toBeOneOf([400, 401, 404]);
    expect(Problem.safeParse(answer.json()).success).toBe(true);
  });

  it('that are badly encoded are 400', async () => {
    const answer = await app.inject('/eggs/%zz');

    expect(answer.statusCode).toBe(400);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-z]{26}$/);
  });

  it('that are too long are 404', async () => {
    expect((await get(`/eggs/${'a'.repeat(600)}`)).statusCode).toBe(404);
  });
});

describe('methods', () => {
  const paths = new Map<string, string[]>();
  for (const { path, method } of Object.values<Route>(routes)) {
    paths.set(path, [...(paths.get(path) ?? []), method]);
  }

  it.each([...paths])('%s refuses all but its own with 405 and Allow', async (path, own) => {
    const taken = own.includes('GET') ? [...own, 'HEAD'] : own;
    const others = METHODS.filter((method) => method !== 'CONNECT' && !taken.includes(method));
    const answers = await Promise.all(
      others.map((method) =>
        app.inject({ method: method as 'GET', url: path.replace(/[{}]/g, ''), headers: admin }),
      ),
    );

    expect(others).toContain('TRACE');
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([405]));
    expect(new Set(answers.map(({ headers }) => headers['allow']))).toEqual(
      new Set([taken.toSorted().join(', ')]),
    );
  });

  it('do not tell which paths exist', async () => {
    const answer = await app.inject({ method: 'QUERY' as 'GET', url: '/nothing' });

    expect(answer.statusCode).toBe(404);
  });
});

describe('failures inside', () => {
  it('show a code and a request id, nothing else', async () => {
    const answer = await get('/eggs/crash');

    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({
      code: 'KERNEL_INTERNAL',
      instance: `urn:gosling:request:${answer.headers['x-request-id']}`,
    });
    expect(answer.body).not.toMatch(/hunter2|secret|\.ts/);
  });

  it('are 503 with Retry-After while the store is down', async () => {
    const answer = await get('/eggs/down');

    expect(answer.json()).toMatchObject({ status: 503, code: 'TEST_DOWN' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('are 503 when it takes too long', async () => {
    const answer = await get('/eggs/slow');

    expect(answer.json()).toMatchObject({ status: 503, code: 'HTTP_TIMED_OUT' });
  });
});

describe('every answer', () => {
  it.each(['/health', '/openapi.json', '/eggs', '/nothing', '/eggs/%zz', '/assets/style.css'])(
    'of %s has its length, a request id and its protection',
    async (url) => {
      const { headers, rawPayload } = await get(url);

      expect(headers).toMatchObject({
        'content-length': String(rawPayload.length),
        'x-request-id': expect.stringMatching(/^[0-9a-z]{26}$/),
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
    },
  );
});
