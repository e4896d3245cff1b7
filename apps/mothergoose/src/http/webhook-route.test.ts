import { createMasker, defineErrors, sha256Hex } from '@polar-gosling/kernel';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from '../metrics/prometheus.ts';
import { createFakeEngine, type FakeEngine, webhookToken } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';

const storeErrors = defineErrors('STORE', {
  unavailable: { message: () => 'the store did not answer', http: 503, retry: 'backoff' },
});
const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

const unlimited = { burst: 1e9, perSecond: 1e9 };

function start(parts: Parameters<typeof createFakeEngine>[0] = {}) {
  const fake: FakeEngine = createFakeEngine(parts);
  const metrics: Metrics = createMetrics(createMasker());
  const app = testApp(fake.engine, {
    metrics,
    limits: { perSource: unlimited, webhookBodyBytes: 2_000 },
  });
  apps.push(app);
  const deliver = (headers: Record<string, string>, payload: string | Buffer = '{}') =>
    app.inject({
      method: 'POST',
      url: '/webhooks/gitlab',
      headers: { 'content-type': 'application/json', ...headers },
      payload,
    });
  const good = { 'x-gitlab-token': webhookToken };
  const called = () => fake.calls.map(({ name }) => name);
  return { app, fake, metrics, deliver, good, called };
}

describe('a delivery with a good token', () => {
  it('is 200 once it is durable, with headers and bytes as they came', async () => {
    const { deliver, good, fake } = start();
    const body = '{ "object_kind" : "build",  "x": "\u00fc" }\n';

    const answer = await deliver({ ...good, 'X-Gitlab-Event': 'Job Hook', 'webhook-id': 'w1' }, body);

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ status: 'accepted' });
    expect(fake.calls.at(-1)).toMatchObject({
      name: 'ingest',
      given: {
        tokenSha256: sha256Hex(webhookToken),
        headers: { 'x-gitlab-event': 'Job Hook', 'webhook-id': 'w1' },
        body: Buffer.from(body),
      },
    });
  });

  it.each([
    ['accepted', 200],
    ['duplicate', 200],
    ['ignored', 200],
    ['denied', 403],
    ['bad_json', 400],
  ] as const)('that the engine calls %s is %i, and counted', async (kind, status) => {
    const { deliver, good, metrics } = start({ webhooks: { ingest: async () => ({ kind }) } });

    const answer = await deliver(good);

    expect(answer.statusCode).toBe(status);
    expect(await metrics.render()).toContain(`gosling_webhook_deliveries_total{result="${kind}"} 1`);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'nonsense', 'multipart/form-data', ''])(
    'does not count against the hook for its content type "%s"',
    async (type) => {
      const { deliver, good } = start();

      expect((await deliver({ ...good, 'content-type': type })).statusCode).toBe(200);
    },
  );

  it.each(['gzip', 'br', 'gzip, identity'])(
    'is 400 when it is packed as %s, and not unpacked',
    async (encoding) => {
      const { deliver, good, called } = start();

      const answer = await deliver({ ...good, 'content-encoding': encoding });

      expect(answer.json()).toMatchObject({ status: 400, code: 'WEBHOOK_BAD_ENCODING' });
      expect(called()).toEqual(['checkToken']);
    },
  );

  it('is 200 when its body is too long: the projects are swept instead', async () => {
    const { deliver, good, fake, metrics } = start();

    const answer = await deliver(good, 'x'.repeat(2_001));

    expect(answer.statusCode).toBe(200);
    expect(fake.calls.at(-1)).toEqual({ name: 'sweepProjectsOf', given: sha256Hex(webhookToken) });
    expect(await metrics.render()).toContain('gosling_webhook_deliveries_total{result="too_big"} 1');
  });

  it('is taken whole up to the limit', async () => {
    const { deliver, good, called } = start();

    expect((await deliver(good, 'x'.repeat(2_000))).statusCode).toBe(200);
    expect(called()).toEqual(['checkToken', 'ingest']);
  });

  it.each(['checkToken', 'ingest', 'sweepProjectsOf'] as const)(
    'is 503 with Retry-After when the store is down at %s',
    async (where) => {
      const fails = async () => {
        throw storeErrors.unavailable({});
      };
      const { deliver, good, metrics } = start({ webhooks: { [where]: fails } });

      const answer = await deliver(good, where === 'sweepProjectsOf' ? 'x'.repeat(2_001) : '{}');

      expect(answer.json()).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(await metrics.render()).toContain('gosling_webhook_deliveries_total{result="unavailable"} 1');
    },
  );
});

describe('a delivery without a good token', () => {
  it('Feature: gitops-runner-orchestration, Property 33: Webhook Authentication — no valid secret, no way in', async () => {
    const { deliver, fake } = start();
    const token = fc
      .string({ minLength: 0, maxLength: 80 })
      .map((text) => text.replace(/[^\x21-\x7e]/g, '~'));
    const near = fc.constantFrom(
      `${webhookToken}x`,
      webhookToken.slice(1),
      webhookToken.toUpperCase(),
      `${webhookToken}, ${webhookToken}`,
    );

    await fc.assert(
      fc.asyncProperty(fc.oneof(token, near), fc.json(), async (guess, body) => {
        const answer = await deliver({ 'x-gitlab-token': guess }, body);

        expect(answer.statusCode).toBe(403);
      }),
      { numRuns: runs(200) },
    );

    expect(fake.calls.filter(({ name }) => name !== 'checkToken')).toEqual([]);
  });

  it('is the same 403 byte for byte, whatever is wrong with it', async () => {
    const { deliver, good } = start({ webhooks: { ingest: async () => ({ kind: 'denied' }) } });

    const answers = await Promise.all([
      deliver({}),
      deliver({ 'x-gitlab-token': '' }),
      deliver({ 'x-gitlab-token': 'wrong' }),
      deliver({ 'x-gitlab-token': 'w'.repeat(10_000) }),
      deliver({ 'x-gitlab-token': 'w\u00e9' }),
      deliver(good, '{"project":{"id":2}}'),
    ]);

    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([403]));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(answers[0]?.json()).toMatchObject({ code: 'WEBHOOK_DENIED', instance: '/webhooks/gitlab' });
  });

  it('is not let in by an API token', async () => {
    const { app } = start();

    const answer = await app.inject({
      method: 'POST',
      url: '/webhooks/gitlab',
      headers: { authorization: 'Bearer admin-token' },
      payload: {},
    });

    expect(answer.statusCode).toBe(403);
  });
});
