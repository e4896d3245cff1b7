import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it as sequential, type TestContext } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';

// A process takes most of a second to start, so they start side by side.
const it = sequential.concurrent;

async function aNest(
  { onTestFinished }: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const { path: root, remove } = await aDirectory();
  onTestFinished(remove);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  return root;
}

const files = {
  'Eggs/app/config.fly':
    'egg "app" {\n  type = "vm"\n  gitlab {\n    project_id       = 1\n    api_token_secret = "vault://team/app/token"\n  }\n}\n',
  'Envs/prod.fly': 'patch "egg" "app" {\n  runner { concurrent = 10 }\n}\n',
};

describe('gosling explain', () => {
  it('explains a code, and knows a misspelt one', async (test) => {
    test.expect((await runCli(['explain', 'fly030'])).stdout).toContain('Wrong:');
    test.expect((await runCli(['explain', 'FLY0300'])).stderr).toContain('did you mean');
  });

  it('says of an error what it means and what to do, as text and as JSON', async (test) => {
    const told = await runCli(['explain', 'tofu_plan_unexpected']);
    const json = await runCli(['explain', 'TOFU_PLAN_UNEXPECTED', '--json']);
    const misspelt = await runCli(['explain', 'TOFU_PLAN_UNEXPECTD']);

    test
      .expect(told.stdout)
      .toMatch(/^TOFU_PLAN_UNEXPECTED \(HTTP 409\): The plan holds .+\n\nWhat to do: .+\n$/);
    test.expect(JSON.parse(json.stdout)).toMatchObject({
      code: 'TOFU_PLAN_UNEXPECTED',
      http: 409,
      meaning: test.expect.stringContaining('Nothing was applied'),
      todo: test.expect.stringContaining('gosling logs'),
    });
    test.expect(misspelt.stderr).toContain('did you mean TOFU_PLAN_UNEXPECTED?');
    test.expect([told.code, json.code, misspelt.code]).toEqual([0, 0, 5]);
  });

  it('shows each value of an Egg and who has set it, in the environment that is asked for', async (test) => {
    const cwd = path.join(await aNest(test, files), 'Eggs');

    const plain = await runCli(['explain', 'egg', 'app'], { cwd });
    const prod = await runCli(['explain', 'egg', 'app', '--env', 'prod'], { cwd });

    test.expect(plain.stdout).toMatch(/^runner\.concurrent +1 +built in: default$/m);
    test.expect(plain.stdout).toMatch(/^gitlab\.api_token_secret +"vault:\/\/team\/app\/token" +Eggs\/app/m);
    test.expect(plain.stderr).toContain('--env prod');
    test.expect(prod.stdout).toMatch(/^runner\.concurrent +10 +Envs\/prod\.fly:2 \(patch\)$/m);
    test.expect([plain.code, prod.code]).toEqual([0, 0]);
  });

  it('prints the same as JSON', async (test) => {
    const cwd = await aNest(test, files);

    const { stdout } = await runCli(['explain', 'egg', 'app', '--env', 'prod', '--json'], { cwd });

    test.expect(JSON.parse(stdout).values).toContainEqual({
      path: 'runner.concurrent',
      text: '10',
      origin: { kind: 'file', layer: 'patch', file: 'Envs/prod.fly', line: 2, col: 25 },
      through: [],
    });
  });

  it('knows a misspelt Egg and environment', async (test) => {
    const cwd = await aNest(test, files);

    const egg = await runCli(['explain', 'egg', 'ap'], { cwd });
    const env = await runCli(['explain', 'egg', 'app', '--env', 'prd'], { cwd });

    test.expect(egg.stderr).toContain('did you mean app?');
    test.expect(env.stderr).toContain('did you mean prod?');
    test.expect([egg.code, env.code]).toEqual([5, 5]);
  });

  it('shows what stands in the way of an Egg that is not sound', async (test) => {
    const cwd = await aNest(test, {
      ...files,
      'UF/config.fly': 'uglyfox {\n  pruning { max_age = "soon" }\n}\n',
    });

    const { code, stderr, stdout } = await runCli(['explain', 'egg', 'app'], { cwd });

    test.expect(stderr).toContain('UF/config.fly:2');
    test.expect(stderr).toContain('gosling validate');
    test.expect(stdout).toBe('');
    test.expect(code).toBe(3);
  });
});
