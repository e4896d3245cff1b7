import { createMasker, defineErrors } from '@polar-gosling/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../metrics/prometheus.ts';
import { createFakeEngine } from '../testing/fake-engine.ts';
import { testApp } from '../testing/test-app.ts';

const canary = 'CANARY-"quoted"\\and\nlines';
const testErrors = defineErrors('TEST', {
  talkative: { message: (p: { text: string }) => `it said: ${p.text}`, http: 503, retry: 'backoff' },
});

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

describe('what leaves over HTTP', () => {
  it('has no live secret and no secret reference in a problem, and stays JSON', async () => {
    const masker = createMasker();
    masker.add(canary);
    const text = `${canary} ${Buffer.from(canary).toString('base64')} vault://kv/egg/token glpat-Ab12Cd34Ef56Gh78Ij90`;
    const egg = async () => {
      throw testErrors.talkative({ text });
    };
    const app = testApp(createFakeEngine({ queries: { egg } }).engine, { masker });
    open.push(app);

    const answer = await app.inject({ url: '/eggs/my-app', headers: { 'x-gosling-token': 'admin-token' } });

    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      code: 'TEST_TALKATIVE',
      detail: 'it said: ***MASKED*** ***MASKED***== vault://***MASKED*** ***MASKED***',
    });
  });

  it('has no live secret in a label of a metric', async () => {
    const masker = createMasker();
    masker.add('CANARY-in-a-name');
    const metrics = createMetrics(masker);
    metrics.runners('egg-CANARY-in-a-name', { idle: 2 });
    metrics.task('vault://kv/egg/token', 'ok');

    const text = await metrics.render();

    expect(text).toContain('gosling_runners{egg="egg-***MASKED***",state="idle"} 2');
    expect(text).toContain('kind="vault://***MASKED***"');
    expect(text).not.toContain('CANARY');
  });
});
