import { execFile } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, it, type TestContext } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';

const good = 'egg "a" {\n  type = "vm"\n\n  gitlab {\n    project_id = 1\n  }\n}\n';

/** A directory with these files. */
async function aNestOf(
  { onTestFinished }: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const directory = await aDirectory();
  onTestFinished(directory.remove);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory.path, name)), { recursive: true });
    await writeFile(path.join(directory.path, name), text);
  }
  return directory.path;
}

describe.concurrent('gosling validate', { timeout: 120_000 }, () => {
  it('repairs with --fix what is safe to repair, says so, and checks again', async (test) => {
    const broken = good.replace('type', 'tpye').replace('= 1', ': 1').replace('"vm"', "'vm'");
    const other = broken.replace('"a"', '"b"');
    const root = await aNestOf(test, { 'Eggs/a/config.fly': broken, 'Eggs/b.fly': other });

    const one = await runCli(['validate', '--fix', 'Eggs/a'], { cwd: root });

    test.expect(one.code).toBe(0);
    test.expect(one.stderr).toContain('fixed Eggs/a/config.fly:2:3 FLY030: write type');
    test.expect(one.stderr).toContain('1 file: 0 errors');
    test.expect(await readFile(path.join(root, 'Eggs/a/config.fly'), 'utf8')).toBe(good);
    test.expect(await readFile(path.join(root, 'Eggs/b.fly'), 'utf8')).toBe(other);
  });

  it('holds every Egg against the limits of GOSLING_LIMITS, and refuses limits that say something else', async (test) => {
    const root = await aNestOf(test, {
      'Eggs/a/config.fly': good,
      'limits.json': '{ "rules": [{ "name": "cloud", "eggs": ["*"], "clouds": ["aws"] }] }',
    });
    const env = { GOSLING_LIMITS: path.join(root, 'limits.json') };

    const free = await runCli(['validate'], { cwd: root });
    const held = await runCli(['validate'], { cwd: root, env });
    const wrong = await runCli(['validate'], { cwd: root, env: { GOSLING_LIMITS: '{ "machine": 1 }' } });
    const absent = await runCli(['validate'], { cwd: root, env: { GOSLING_LIMITS: '/nowhere/limits.json' } });

    test.expect(free.code).toBe(0);
    test.expect(held.code).toBe(3);
    test.expect(held.stdout).toContain('error FLY086: egg "a" breaks the limit rules.cloud.clouds: "local"');
    test.expect(held.stdout).toContain('Eggs/a/config.fly:1:1');
    test.expect(wrong.stderr).toContain('LIMITS_WRONG');
    test.expect(absent.stderr).toContain('LIMITS_UNREADABLE');
    test.expect([wrong.code, absent.code]).not.toContain(0);
  });

  it('reports a file that is too big as a finding, goes on with the others and leaves it alone', async (test) => {
    const big = `${good.replace('"a"', '"big"')}# ${'x'.repeat(1024 * 1024)}\n`;
    const root = await aNestOf(test, {
      'Eggs/a/config.fly': good.replace('= 1', '= 0'),
      'Eggs/b/config.fly': good.replace('"a"', '"b"').replace('type', 'tpye'),
      'Eggs/big/config.fly': big,
    });

    const json = await runCli(['validate', '--format', 'json'], { cwd: root });
    const alone = await runCli(['validate', 'Eggs/big/config.fly'], { cwd: root });
    const fixed = await runCli(['validate', '--fix'], { cwd: root });
    const egg = await runCli(['explain', 'egg', 'b'], { cwd: root });
    const hidden = await runCli(['explain', 'egg', 'big'], { cwd: root });

    const found: readonly { code: string; file: string }[] = JSON.parse(json.stdout);
    test
      .expect(found.map(({ code, file }) => `${code} ${file}`))
      .toEqual(['FLY033 Eggs/a/config.fly', 'FLY030 Eggs/b/config.fly', 'FLY091 Eggs/big/config.fly']);
    test.expect([json.code, alone.code, fixed.code, egg.code, hidden.code]).toEqual([3, 3, 3, 0, 5]);
    test.expect(alone.stdout).toContain('error FLY091: a file may have 1 MiB in a Nest');
    test.expect(fixed.stdout).toContain('FLY091');
    test.expect(hidden.stderr).toContain('Eggs/big/config.fly, which is bigger than 1 MiB');
    test.expect(await readFile(path.join(root, 'Eggs/big/config.fly'), 'utf8')).toBe(big);
  });

  it.for([
    { count: 10_001, bytes: 0, reason: 'it has more than 10000 .fly files' },
    { count: 65, bytes: 1024 * 1024, reason: 'its .fly files have more than 64 MiB' },
  ])('refuses a Nest of $count files with $bytes bytes each', async ({ count, bytes, reason }, test) => {
    const root = await aNestOf(test, {});
    for (let file = 0; file < count; file++) {
      writeFileSync(path.join(root, `${file}.fly`), '');
      truncateSync(path.join(root, `${file}.fly`), bytes);
    }

    const { code, stderr } = await runCli(['validate'], { cwd: root });

    test.expect(code).toBe(1);
    test.expect(stderr).toContain('CLI_UNREADABLE');
    test.expect(stderr).toContain(reason);
  });

  it('leaves what a person has to decide, and what it could not write back', async (test) => {
    const open = good.replace('"vm"', '"metal"');
    const root = await aNestOf(test, { 'Eggs/a/config.fly': open });
    const bytes = Buffer.concat([Buffer.from(good.replace('type', 'tpye')), Buffer.from([0x23, 0xff, 0x0a])]);
    await writeFile(path.join(root, 'Eggs/b.fly'), bytes);

    const { code, stderr } = await runCli(['validate', '--fix'], { cwd: root });

    test.expect(code).toBe(3);
    test.expect(stderr).not.toContain('fixed');
    test.expect(await readFile(path.join(root, 'Eggs/a/config.fly'), 'utf8')).toBe(open);
    test.expect(await readFile(path.join(root, 'Eggs/b.fly'))).toEqual(bytes);
  });

  it('checks every environment, says once what is wrong in several and where it is wrong', async (test) => {
    const root = await aNestOf(test, {
      'Nest.fly': 'variable "size" {\n  type    = "int"\n  default = 1\n}\n',
      'Eggs/a/config.fly': good.replace(
        '  gitlab',
        '  tpye = "vm"\n\n  runner {\n    concurrent = var.size\n  }\n\n  gitlab',
      ),
      'Envs/dev.fly': 'values {\n  size = 2\n}\n',
      'Envs/prod.fly': 'values {\n  size = 0\n}\n',
    });
    const check = async (...args: string[]) => {
      const { stdout } = await runCli(['validate', '--format', 'json', ...args], { cwd: root });
      const found: readonly { code: string; envs?: string[] }[] = JSON.parse(stdout);
      return found.map(({ code, envs = [] }) => `${code} ${envs.join(' ')}`);
    };

    test.expect(await check()).toEqual(['FLY030 dev prod', 'FLY033 prod']);
    test.expect(await check('--env', 'dev')).toEqual(['FLY030 ']);
    const text = await runCli(['validate'], { cwd: root });
    test.expect(text.stdout).toContain('in the environments dev, prod');
    const missing = await runCli(['validate', '--env', 'prd'], { cwd: root });
    test
      .expect(missing)
      .toMatchObject({ code: 5, stderr: test.expect.stringContaining('did you mean prod?') });
  });

  it('writes reports for GitLab and SARIF with paths inside the repository', async (test) => {
    const root = await aNestOf(test, { 'nest/Eggs/a/config.fly': good.replace('= 1', '= 0') });
    await mkdir(path.join(root, '.git'));

    const gitlab = await runCli(['validate', 'nest', '--format', 'gitlab'], { cwd: root });
    const sarif = await runCli(['validate', '--format', 'sarif'], { cwd: path.join(root, 'nest/Eggs') });

    test.expect(gitlab.code).toBe(3);
    test
      .expect(JSON.parse(gitlab.stdout))
      .toMatchObject([
        { check_name: 'FLY033', location: { path: 'nest/Eggs/a/config.fly', lines: { begin: 5 } } },
      ]);
    test.expect(sarif.code).toBe(3);
    test.expect(JSON.parse(sarif.stdout)).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'FLY033' }] }],
    });
    test.expect(sarif.stdout).toContain('"nest/Eggs/a/config.fly"');
  });

  it('keeps 200 findings of a file and shows 1,000 of a run, and counts the others', async (test) => {
    const lines = Array.from({ length: 300 }, (_, n) => `  x${n} = 1\n`).join('');
    const wrong = good.replace('  }\n}', `  }\n${lines}}`);
    const root = await aNestOf(test, {
      'Eggs/0.fly': wrong,
      ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`Jobs/${n}.fly`, wrong.replace('"a"', `"a${n}"`)])),
    });

    const one = await runCli(['validate', 'Eggs'], { cwd: root });
    const json = await runCli(['validate', 'Eggs', '--format', 'json'], { cwd: root });
    const all = await runCli(['validate'], { cwd: root });

    const found: readonly { omitted?: number }[] = JSON.parse(json.stdout);
    test.expect(found).toHaveLength(200);
    test.expect(found.map(({ omitted }) => omitted).filter(Boolean)).toEqual([100]);
    test.expect(one.stdout.trimEnd().split('\n').at(-1)).toBe('and 100 more in Eggs/0.fly');
    test.expect(one.stderr).toContain('1 file: 200 errors, 100 more not looked into');
    test.expect(all.stdout.match(/^error FLY/gm)).toHaveLength(1000);
    test.expect(all.stdout.match(/^and 100 more in/gm)).toHaveLength(5);
    test.expect(all.stdout.trimEnd().split('\n').at(-1)).toBe('and 200 more');
    test.expect(all.stderr).toContain('6 files: 1200 errors, 600 more not looked into');
  });

  it('refuses a file it would not read: a symbolic link, one of a linked folder, one that is passed over', async (test) => {
    const root = await aNestOf(test, {
      'Eggs/a/config.fly': good,
      'Jobs/.keep': '',
      'other/x.fly': good.replace('"a"', '"x"'),
      'node_modules/y.fly': good.replace('"a"', '"y"'),
    });
    await symlink('../Eggs/a/config.fly', path.join(root, 'Jobs/l.fly'));
    await symlink('nowhere.fly', path.join(root, 'Jobs/dangling.fly'));
    await symlink('../other', path.join(root, 'Jobs/linked'));

    const results = await Promise.all(
      ['Jobs/l.fly', 'Jobs/dangling.fly', 'Jobs/linked/x.fly', 'node_modules/y.fly'].map((name) =>
        runCli(['validate', name], { cwd: root }),
      ),
    );

    test.expect(results.map(({ code }) => code)).toEqual([64, 64, 64, 64]);
    test.expect(results[0]?.stderr).toContain('Jobs/l.fly: a symbolic link is not followed');
    test.expect(results[1]?.stderr).toContain('Jobs/dangling.fly: a symbolic link is not followed');
    test.expect(results[2]?.stderr).toContain('Jobs/linked/x.fly is none of the files of the Nest in');
    test.expect(results[3]?.stderr).toContain('node_modules/y.fly is none of the files of the Nest in');
  });

  it('exits with 0 where there are only warnings', async (test) => {
    const secret = good.replace('}\n}', `}\n\n  environment {\n    T = "glpat-${'a'.repeat(20)}"\n  }\n}`);
    const root = await aNestOf(test, { 'Eggs/a/config.fly': secret });

    const { code, stdout, stderr } = await runCli(['validate'], { cwd: root });

    test.expect(code).toBe(0);
    test.expect(stdout).toContain('warning FLY101');
    test.expect(stderr).toContain('0 errors, 1 warning');
  });

  it('tells each mistake once, also where a file is named twice', async (test) => {
    const root = await aNestOf(test, { 'Eggs/a/config.fly': good.replace('= 1', '= 0') });

    const { stdout } = await runCli(['validate', '.', 'Eggs', 'Eggs/a/config.fly', '--json'], { cwd: root });

    test.expect(JSON.parse(stdout)).toHaveLength(1);
  });

  it('tells an Egg that got another name since the last commit, or since the one that is asked for', async (test) => {
    const root = await aNestOf(test, { 'Eggs/a/config.fly': good });
    const git = (...args: string[]) =>
      promisify(execFile)('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args]);
    await git('init', '--quiet');
    const first = await runCli(['validate'], { cwd: root });
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'one');
    await writeFile(path.join(root, 'Eggs/a/config.fly'), good.replace('"a"', '"b"'));

    const renamed = await runCli(['validate'], { cwd: root });
    await git('commit', '--quiet', '-am', 'two');
    const committed = await runCli(['validate', '--format', 'json'], { cwd: root });
    const since = await runCli(['validate', '--format', 'json', '--since', 'HEAD~1'], { cwd: root });
    const unknown = await runCli(['validate', '--since', '--output=x'], { cwd: root });

    test.expect(first.stdout).toBe('');
    test.expect(renamed.stdout).toContain('warning FLY083: egg "a" is called "b" now');
    test.expect(committed.stdout).not.toContain('FLY083');
    test.expect(since.stdout).toContain('FLY083');
    test.expect([renamed.code, unknown.code]).toEqual([0, 5]);
  });
});
