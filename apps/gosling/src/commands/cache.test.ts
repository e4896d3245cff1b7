import { describe, it, type TestContext } from 'vitest';
import { runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

async function anApi({ onTestFinished }: TestContext, modules: object = { kind: 'modules', removed: 1 }) {
  const api = await startFakeApi({
    'DELETE /caches/providers': { kind: 'providers', removed: 2 },
    'DELETE /caches/modules': modules,
  });
  onTestFinished(api.close);
  const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'an-admin-token-of-the-api' };
  const asked = () => api.requests.map(({ line }) => line);
  return { asked, run: (...args: string[]) => runCli(args, { env }) };
}

describe.concurrent('gosling cache clear', { timeout: 90_000 }, () => {
  it('clears the one that is named, or both', async (test) => {
    const { run, asked } = await anApi(test);

    const one = await run('cache', 'clear', '--providers');
    const both = await run('cache', 'clear', '--json');

    test.expect([one.code, both.code]).toEqual([0, 0]);
    test.expect(one.stderr).toContain('providers cleared; the next run fetches its providers anew');
    test.expect(JSON.parse(both.stdout)).toEqual([
      { kind: 'providers', removed: 2 },
      { kind: 'modules', removed: 1 },
    ]);
    test
      .expect(asked())
      .toEqual(['DELETE /caches/providers', 'DELETE /caches/providers', 'DELETE /caches/modules']);
  });

  it('tells who may not', async (test) => {
    const { run } = await anApi(test, { status: 403, code: 'HTTP_FORBIDDEN', detail: 'needs admin' });

    test.expect((await run('cache', 'clear', '--modules')).code).toBe(4);
  });
});
