import { execFile } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { createGitlabSim } from '@polar-gosling/gitlab-sim';
import fc from 'fast-check';
import { describe, expect, it, type TestContext } from 'vitest';
import { aDirectory, runAtTerminal, runCli } from '../../testing/cli.ts';

const token = 'glpat-abcdefghijklmnopqrst';
const git = (cwd: string, ...args: string[]) => promisify(execFile)('git', ['-C', cwd, ...args]);

async function aRepository({ onTestFinished }: TestContext): Promise<string> {
  const directory = await aDirectory();
  onTestFinished(directory.remove);
  await git(directory.path, 'init', '--quiet', '--initial-branch=main');
  await git(directory.path, 'remote', 'add', 'origin', 'git@gitlab.example:group/nest.git');
  return directory.path;
}

async function aNest(test: TestContext): Promise<string> {
  const root = await aRepository(test);
  await runCli(['init'], { cwd: root });
  return root;
}

const addEgg = ['--offline', 'add', 'egg', 'my-app', '--gitlab-project-id', '12', '--tag', 'linux'];

/** Every file of the Nest, and which secrets are set: what a command has left behind. */
async function outcome(root: string): Promise<{ files: Record<string, string>; secrets: unknown }> {
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of names) {
    const name = path.relative(root, path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !/^\.(git|gosling)\//.test(name))
      files[name] = await readFile(path.join(root, name), 'utf8');
  }
  return { files, secrets: JSON.parse((await runCli(['secret', 'list', '--json'], { cwd: root })).stdout) };
}

describe.concurrent('gosling init', { timeout: 120_000 }, () => {
  it('Feature: gitops-runner-orchestration, Property 5: a new Nest has Eggs/, Jobs/ and UF/', async (test) => {
    const places = ['.', 'nest', 'deep/er/nest', 'with space'];

    for (const place of places) {
      const root = await aRepository(test);
      const { code } = await runCli(['init', '--path', place, '--git-init'], { cwd: root });
      const names = await readdir(path.join(root, place));
      test.expect(code).toBe(0);
      test
        .expect(names)
        .toEqual(expect.arrayContaining(['Eggs', 'Jobs', 'UF', 'MG', 'README.md', '.gitignore']));
    }
  });

  it('makes a Nest that validates, keys that nobody sees, and keeps the address of its remote', async (test) => {
    const root = await aRepository(test);

    const { stdout, stderr } = await runCli(['init'], { cwd: root });
    const valid = await runCli(['validate'], { cwd: root });
    const secrets = await runCli(['secret', 'list'], { cwd: root });
    const key = await runCli(['secret', 'explain', 'deploy-keys/mothergoose-public'], { cwd: root });

    test.expect(valid.code).toBe(0);
    test.expect(stdout + stderr).not.toMatch(/PRIVATE KEY|ssh-ed25519/);
    test.expect(secrets.stdout.match(/deploy-keys\//g)).toHaveLength(6);
    test.expect(secrets.stdout).toContain('nest/repo-url');
    test.expect(key.stdout).toMatch(/\nssh-ed25519 AAAA/);
    test.expect((await stat(path.join(root, '.gosling'))).mode & 0o077).toBe(0);
  });

  it('changes nothing when it runs again', async (test) => {
    const root = await aNest(test);
    await writeFile(path.join(root, 'UF/config.fly'), '# mine\n');
    const explain = ['secret', 'explain', 'deploy-keys/selfjobs-public'];
    const before = await runCli(explain, { cwd: root });

    const { code, stdout } = await runCli(['init', '--json'], { cwd: root });

    test.expect(code).toBe(0);
    test.expect(JSON.parse(stdout)).toMatchObject({ created: [], deploy_keys_made: [], branch: 'main' });
    test.expect(await readFile(path.join(root, 'UF/config.fly'), 'utf8')).toBe('# mine\n');
    test.expect(await runCli(explain, { cwd: root })).toEqual(before);
  });

  it('makes no repository unless told or asked', async (test) => {
    const directory = await aDirectory();
    test.onTestFinished(directory.remove);

    const refused = await runCli(['init'], { cwd: directory.path });
    test.expect(refused.code).toBe(64);
    test.expect(refused.stderr).toContain('--git-init');
    test.expect(await readdir(directory.path)).toEqual([]);
    test.expect((await runCli(['init', '--git-init'], { cwd: directory.path })).code).toBe(0);
    test.expect((await git(directory.path, 'symbolic-ref', '--short', 'HEAD')).stdout).toBe('main\n');
  });

  it('refuses a secret backend that is not there', async (test) => {
    const root = await aRepository(test);

    test.expect((await runCli(['init', '--secret-backend', 'yc-lockbox'], { cwd: root })).code).toBe(64);
  });
});

describe.concurrent('gosling add egg', { timeout: 120_000 }, () => {
  it('writes a valid file and both secrets, and changes nothing when it runs again', async (test) => {
    const root = await aNest(test);

    const first = await runCli([...addEgg, '--api-token-stdin'], { cwd: root, input: `${token}\n` });
    const before = await outcome(root);
    const again = await runCli(addEgg, { cwd: root });

    test.expect(first).toMatchObject({ code: 0, stdout: 'Eggs/my-app/config.fly\n' });
    test.expect((await runCli(['validate'], { cwd: root })).code).toBe(0);
    test.expect(JSON.stringify(before.secrets)).toContain('gitlab/gitlab.com/my-app/webhook-secret');
    test.expect(JSON.stringify(before)).not.toContain(token);
    test.expect(again.code).toBe(0);
    test.expect(await outcome(root)).toEqual(before);
  });

  it('overwrites no file that says something else', async (test) => {
    const root = await aNest(test);
    await runCli([...addEgg, '--api-token-stdin'], { cwd: root, input: token });

    const other = await runCli([...addEgg, '--concurrent', '5'], { cwd: root });

    test.expect(other.code).toBe(6);
    test
      .expect(await readFile(path.join(root, 'Eggs/my-app/config.fly'), 'utf8'))
      .toContain('concurrent = 1');
  });

  it('refuses names and numbers that cannot be, and leaves nothing behind', async (test) => {
    const root = await aNest(test);
    const before = await outcome(root);
    const cases = [
      ['add', 'egg', 'default', '--gitlab-project-id', '1'],
      ['add', 'egg', '../up', '--gitlab-project-id', '1'],
      ['add', 'egg', 'a', '--gitlab-project-id', '-1'],
      ['add', 'egg', 'a', '--gitlab-project-id', '1', '--gitlab-group-id', '2'],
      ['add', 'egg', 'a', '--gitlab-project-id', '1', '--concurrent', 'many'],
      ['add', 'egg', 'a', '--gitlab-project-id', '1', '--gitlab-server', 'https://x'],
      ['add', 'egg', 'a', '--gitlab-project-id', '1', '--region', 'x'],
      ['add', 'egg', 'a', '--gitlab-project-id', '1'],
      ['add', 'egg', 'a'],
    ];

    for (const args of cases) {
      test.expect((await runCli(['--offline', ...args], { cwd: root })).code, args.join(' ')).toBe(64);
    }
    test.expect(await outcome(root)).toEqual(before);
  });

  it('asks GitLab for the scopes of the token and for the project, and takes its path for its number', async (test) => {
    const root = await aNest(test);
    const sim = createGitlabSim();
    test.onTestFinished(() => sim.close());
    const { url } = await sim.listen();
    const project = sim.addProject({ path: 'group/app' });
    const weak = sim.addToken({ user: 'root', scopes: ['read_api'] });
    const strong = sim.addToken({ user: 'root', scopes: ['api'] });
    const add = (value: string, id: string) =>
      runCli(
        [
          'add',
          'egg',
          'my-app',
          '--gitlab-server',
          new URL(url).host,
          '--gitlab-url',
          url,
          '--gitlab-project-id',
          id,
          '--api-token-stdin',
        ],
        { cwd: root, input: value },
      );

    const refused = await add(weak, 'group/app');
    const missing = await add(strong, '4711');
    const wrong = await add('glpat-nobodyknowsthistoken', 'group/app');
    const listed = (await outcome(root)).secrets;
    const good = await add(strong, 'group/app');

    test.expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('scope api') });
    test.expect(missing).toMatchObject({ code: 5, stderr: expect.stringContaining('4711') });
    test.expect(wrong.code).not.toBe(0);
    test.expect(JSON.stringify(listed)).not.toContain('my-app');
    test.expect(good.code).toBe(0);
    const text = await readFile(path.join(root, 'Eggs/my-app/config.fly'), 'utf8');
    test.expect(text).toContain(`project_id = ${project.id}`);
    test.expect(sim.violations).toEqual([]);
  });

  it('Feature: gitops-runner-orchestration, Property 7: answers at a terminal and flags give the same result', async (test) => {
    const [asked, told] = [await aNest(test), await aNest(test)];

    const interactive = await runAtTerminal(['--offline', 'add', 'egg', 'my-app', '--tag', 'linux'], {
      cwd: asked,
      answers: [
        ['GitLab project', '12\r'],
        ['GitLab API token', `${token}\r`],
      ],
    });
    const flags = await runCli([...addEgg, '--api-token-stdin'], { cwd: told, input: token });

    test.expect([interactive.code, flags.code]).toEqual([0, 0]);
    test.expect(interactive.stdout).not.toContain(token);
    test.expect(await outcome(asked)).toEqual(await outcome(told));
  });

  it('Feature: gitops-runner-orchestration, Property 7: init, asked and told, makes the same Nest', async (test) => {
    const [asked, told] = [await aDirectory(), await aDirectory()];
    test.onTestFinished(asked.remove);
    test.onTestFinished(told.remove);

    const interactive = await runAtTerminal(['init'], { cwd: asked.path, answers: [['Run git init?', 'y']] });
    const flags = await runCli(['init', '--git-init'], { cwd: told.path });

    test.expect([interactive.code, flags.code]).toEqual([0, 0]);
    test.expect(await outcome(asked.path)).toEqual(await outcome(told.path));
  });

  it('ends with 130 when the person gives up, and leaves nothing behind', async (test) => {
    const root = await aNest(test);
    const before = await outcome(root);

    const { code } = await runAtTerminal(['--offline', 'add', 'egg', 'my-app'], {
      cwd: root,
      answers: [['GitLab project', '\u0003']],
    });

    test.expect(code).toBe(130);
    test.expect(await outcome(root)).toEqual(before);
  });
});

describe.concurrent('gosling validate and fmt', { timeout: 120_000 }, () => {
  const good = 'egg "a" {\n  type = "vm"\n\n  gitlab {\n    project_id = 1\n  }\n}\n';

  it('shows every mistake at once, with file and line, and exits with 3', async (test) => {
    const root = await aNest(test);
    await writeFile(
      path.join(root, 'Eggs/a.fly'),
      good.replace('type', 'tpye').replace('project_id = 1', 'project_id = "x"'),
    );

    const text = await runCli(['validate'], { cwd: root });
    const json = await runCli(['validate', '--format', 'json'], { cwd: root });

    test.expect(text.code).toBe(3);
    test.expect(text.stdout).toContain('Eggs/a.fly:2:3');
    test.expect(text.stdout).toContain('Eggs/a.fly:5');
    test.expect(text.stderr).toMatch(/\d+ errors/);
    test.expect(json.code).toBe(3);
    test
      .expect(JSON.parse(json.stdout))
      .toContainEqual(expect.objectContaining({ code: 'FLY030', file: 'Eggs/a.fly' }));
  });

  it('checks one file within its Nest, wherever it is called from', async (test) => {
    const root = await aNest(test);
    await writeFile(path.join(root, 'Eggs/a.fly'), good);
    await writeFile(path.join(root, 'Eggs/b.fly'), 'egg {');

    test.expect((await runCli(['validate', 'Eggs/a.fly'], { cwd: root })).code).toBe(0);
    test.expect((await runCli(['validate', 'b.fly'], { cwd: path.join(root, 'Eggs') })).code).toBe(3);
    test.expect((await runCli(['validate', 'Eggs'], { cwd: root })).code).toBe(3);
    test.expect((await runCli(['validate', 'nothing.fly'], { cwd: root })).code).toBe(5);
  });

  it('Feature: gitops-runner-orchestration, Property 6: an invalid file is rejected before it is committed', async (test) => {
    const root = await aNest(test);
    const breaks: readonly ((text: string) => string)[] = [
      (text) => text.replace('"vm"', '"cloud"'),
      (text) => text.replace('type = "vm"', ''),
      (text) => text.replace('project_id = 1', 'project_id = 0'),
      (text) => text.replace('project_id = 1', ''),
      (text) => text.replace(/}\n$/, ''),
      (text) => text.replace('"a"', '"no good name"'),
      (text) => text.replace('gitlab {', 'gitlub {'),
      (text) => text.replace('type', 'type type'),
      (text) => `${text}${text}`,
      (text) => `${text}\u0000`,
    ];
    const file = path.join(root, 'Eggs/a.fly');

    for (const breakIt of breaks) {
      await writeFile(file, breakIt(good));
      const { code, stdout } = await runCli(['validate'], { cwd: root });
      test.expect(code, breakIt(good)).toBe(3);
      test.expect(stdout).toMatch(/error FLY\d{3}/);
    }
    await writeFile(file, good);
    test.expect((await runCli(['validate'], { cwd: root })).code).toBe(0);
  });

  it('formats files once and for all', async (test) => {
    const root = await aNest(test);
    await writeFile(path.join(root, 'Eggs/a.fly'), good.replaceAll('  ', '\t').replace(' = ', '='));

    test.expect((await runCli(['fmt', '--check'], { cwd: root })).code).toBe(1);
    test.expect(await runCli(['fmt'], { cwd: root })).toMatchObject({ code: 0, stdout: 'Eggs/a.fly\n' });
    test.expect(await readFile(path.join(root, 'Eggs/a.fly'), 'utf8')).toBe(good);
    test.expect((await runCli(['fmt', '--check'], { cwd: root })).code).toBe(0);
  });
});

describe.concurrent('gosling secret and doctor', { timeout: 120_000 }, () => {
  it('keeps a secret from stdin and never shows it again', async (test) => {
    const root = await aNest(test);
    const reference = 'gitlab/gitlab.example_8443/default/api-token';

    const put = await runCli(['secret', 'put', reference], { cwd: root, input: `${token}\n` });
    const listed = await runCli(['secret', 'list', 'gitlab/', '--json'], { cwd: root });
    const explained = await runCli(['secret', 'explain', reference], { cwd: root });

    test.expect(put.code).toBe(0);
    test
      .expect(JSON.parse(listed.stdout))
      .toEqual([{ reference, role: 'api-token of every Egg without its own on gitlab.example:8443' }]);
    test.expect(put.stdout + put.stderr + listed.stdout + explained.stdout).not.toContain(token);
    test.expect((await runCli(['secret', 'explain', 'not/there'], { cwd: root })).code).toBe(5);
    test.expect((await runCli(['secret', 'put', '../x'], { cwd: root, input: token })).code).toBe(1);
    test.expect((await runCli(['secret', 'put', 'a/b'], { cwd: root, input: '' })).code).toBe(64);
  });

  it('looks at this machine and says how to mend what it finds', async (test) => {
    const root = await aNest(test);

    const { code, stdout } = await runCli(['doctor', '--json'], { cwd: root });
    const broken = await runCli(['doctor', '--json'], {
      cwd: root,
      env: { PATH: '/nowhere', GOSLING_ULR: 'x', GOSLING_URL: 'http://127.0.0.1:1' },
    });

    const { checks } = JSON.parse(stdout);
    const find = (id: string) =>
      JSON.parse(broken.stdout).checks.find((check: { id: string }) => check.id === id);
    test.expect(checks.map((check: { id: string }) => check.id)).toContain('tofu');
    test.expect([0, 1]).toContain(code);
    test
      .expect(checks.find((check: { id: string }) => check.id === 'secrets.reach'))
      .toMatchObject({ result: 'ok' });
    test.expect(broken.code).toBe(1);
    test.expect(find('git')).toMatchObject({ result: 'fail', fix: expect.stringContaining('install git') });
    test
      .expect(find('config'))
      .toMatchObject({ result: 'fail', detail: expect.stringContaining('GOSLING_URL?') });
    test.expect(find('api')).toMatchObject({ result: 'fail', fix: expect.stringContaining('gosling up') });
  });

  it('prints what it saw and the fixes as tables for people', async (test) => {
    const root = await aNest(test);
    const env = { PATH: '/nowhere', GOSLING_LOG_LEVEL: 'debug' };

    const { code, stdout } = await runCli(['doctor'], { cwd: root, env });

    test.expect(code).toBe(1);
    test.expect(stdout).toMatch(/^CHECK +SEEN$/m);
    test.expect(stdout).toMatch(/^✓ \S.*: reach +the secret file holds \d+ secrets$/m);
    test.expect(stdout).toMatch(/^✗ git/im);
    test.expect(stdout).toMatch(/^git.*: install git/im);
    test.expect(stdout).toMatch(/^VARIABLE +VALUE +MEANING$/m);
    test.expect(stdout).toMatch(/^GOSLING_LOG_LEVEL +debug +\S/m);
  });

  it('explains every variable and looks at nothing', async (test) => {
    const root = await aNest(test);
    const env = { PATH: '/nowhere', GOSLING_LOG_LEVEL: 'debug', GOSLING_TOKEN: token };

    const { code, stdout } = await runCli(['doctor', '--explain'], { cwd: root, env });

    test.expect(code).toBe(0);
    test.expect(stdout).toMatch(/^VARIABLE +IN FORCE +DEFAULT +MEANING$/m);
    test.expect(stdout).toMatch(/^GOSLING_LOG_LEVEL +debug +info +\S/m);
    test.expect(stdout).toMatch(/^GOSLING_TOKEN +\[secret\] +– +\S/m);
    test.expect(stdout).not.toContain(token);
  });
});

describe('secrets on stdin', { timeout: 120_000 }, () => {
  it('are kept byte for byte, but for the last line end', async () => {
    const directory = await aDirectory();
    try {
      const { openLocalSecrets } = await import('@polar-gosling/wiring');
      const { createSystemClock } = await import('@polar-gosling/kernel');
      const { readCliConfig } = await import('../config.ts');
      const clock = createSystemClock();
      const { dataDir } = readCliConfig({}, directory.path).config;
      const store = openLocalSecrets({ dataDir, clock });
      const values = fc.sample(fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' }), {
        numRuns: 5,
        seed: 7,
      });

      for (const value of values.map((text) => text.replace(/[\r\n\0]/g, '-'))) {
        await runCli(['secret', 'put', 'a/b'], { cwd: directory.path, input: `${value}\n` });
        const kept = await store.read('a/b', { signal: new AbortController().signal });
        expect(kept?.reveal()).toBe(value);
      }
    } finally {
      await directory.remove();
    }
  });
});
