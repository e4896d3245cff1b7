import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunningServer, startServer } from '../server.ts';
import { createFakeEngine, webhookToken } from '../testing/fake-engine.ts';
import { testDeps } from '../testing/test-app.ts';

/** GitLab's documented and observed events; licence and origin stand beside them. */
const folder = new URL('../../../../e2e/gitlab-payloads/', import.meta.url);
const events = readdirSync(folder).filter((name) => name.includes('_hook'));
const Headers = z.record(z.string(), z.string());

const fake = createFakeEngine();
let server: RunningServer;
beforeAll(async () => {
  server = await startServer({
    ...testDeps(fake.engine),
    config: { listen: { host: '127.0.0.1', port: 0, isLoopback: true }, tls: undefined },
  });
});
afterAll(() => server.stop(100));

const readText = (name: string) => readFileSync(new URL(name, folder), 'utf8');

describe('what GitLab sends', () => {
  it('is here', () => {
    expect(events.length).toBeGreaterThanOrEqual(9);
    expect(readText('README.md')).toContain('CC BY-SA 4.0');
  });

  it.each(events)('%s arrives byte for byte, with GitLab’s headers', async (name) => {
    const body = readText(name);
    const headers = {
      ...Headers.parse(JSON.parse(readText('delivery_headers.json'))),
      'X-Gitlab-Token': webhookToken,
    };

    const answer = await fetch(`${server.url}/webhooks/gitlab`, { method: 'POST', headers, body });

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'accepted' });
    expect(fake.calls.at(-1)).toMatchObject({
      name: 'ingest',
      given: {
        body: Buffer.from(body),
        headers: {
          'x-gitlab-event': 'Job Hook',
          'webhook-id': 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f',
          'idempotency-key': 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f',
          'webhook-timestamp': '1744578123',
        },
      },
    });
  });
});
