import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Plan } from '@polar-gosling/api-contract';
import { describe, it, type TestContext } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

const plan = Plan.parse({
  id: 'p1',
  egg_name: 'app',
  plan_type: 'runner',
  kind: 'deploy',
  config_hash: 'c',
  git_commit: 'a',
  created_at: '2026-01-01T00:00:00Z',
  applied_at: null,
  status: 'applied',
  rollback_plan_id: null,
  summary: { add: 1, change: 0, destroy: 0 },
  metadata: {},
});

async function anApi(test: TestContext, files: Readonly<Record<string, string>>) {
  const api = await startFakeApi({
    'GET /eggs/app/plans/p1': plan,
    'GET /eggs/app/plans/p1/bundle': { files },
  });
  test.onTestFinished(api.close);
  const { path: cwd, remove } = await aDirectory();
  test.onTestFinished(remove);
  const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'a-read-token-of-the-api' };
  return { cwd, get: (...args: string[]) => runCli(['get', 'plan', ...args], { env, cwd }) };
}

describe.concurrent('gosling get plan', { timeout: 90_000 }, () => {
  it('prints the plan, and writes the files it was made of into a new directory', async (test) => {
    const { cwd, get } = await anApi(test, { 'versions.tf': 'terraform {}', 'compute/main.tf': '# main' });

    const { code, stdout, stderr } = await get('p1', '--egg', 'app', '--bundle', 'old/bundle');

    test.expect({ code, stderr }).toEqual({ code: 0, stderr: '2 files in old/bundle\n' });
    test.expect(JSON.parse(stdout)).toEqual(plan);
    test.expect(await readFile(path.join(cwd, 'old/bundle/compute/main.tf'), 'utf8')).toBe('# main');
  });

  it('writes nothing where something lies already', async (test) => {
    const { cwd, get } = await anApi(test, { 'versions.tf': 'terraform {}' });
    await mkdir(path.join(cwd, 'here'));
    await writeFile(path.join(cwd, 'here/versions.tf'), 'mine');

    const { code, stderr } = await get('p1', '--egg', 'app', '--bundle', 'here');

    test.expect(code).not.toBe(0);
    test.expect(stderr).toContain('name a new or empty directory');
    test.expect(await readFile(path.join(cwd, 'here/versions.tf'), 'utf8')).toBe('mine');
  });

  it.for(['../outside.tf', '/tmp/outside.tf', 'compute/../../outside.tf'])(
    'writes no file outside of its directory: %s',
    async (name, test) => {
      const { cwd, get } = await anApi(test, { [name]: 'terraform {}' });

      const { code, stderr } = await get('p1', '--egg', 'app', '--bundle', 'old');

      test.expect(code).not.toBe(0);
      test.expect(stderr).toContain('a file of a bundle lies in its directory');
      await test.expect(readFile(path.join(cwd, 'outside.tf'))).rejects.toThrow('ENOENT');
    },
  );

  it('asks whose plan it is', async (test) => {
    const { get } = await anApi(test, {});

    const { code, stderr } = await get('p1');

    test.expect(code).toBe(64);
    test.expect(stderr).toContain('pass --egg NAME');
  });
});
