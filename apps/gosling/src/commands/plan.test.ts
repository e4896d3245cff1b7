import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Preview } from '@polar-gosling/api-contract';
import { describe, it, type TestContext } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

const nobody = { kept: [], replaced: [], drained: [], leaving: [] };
const changes = Preview.parse({
  against: 'abcdef1234',
  status: 'held',
  held: [{ rule: 'removes_runners', why: '9 of 9 runners would be removed' }],
  eggs: [
    {
      name: 'app',
      file: 'Eggs/app/config.fly',
      change: 'changed',
      changes: [
        { path: 'resources.cpu', before: 2, after: 4, machine: true },
        { path: 'runner.concurrent', before: 1, after: 3, machine: false },
      ],
      replaces: true,
      ends_pin: true,
      launches: 1,
      runners: { ...nobody, replaced: ['r1'], drained: ['r2'] },
    },
    {
      name: 'fresh',
      file: 'Eggs/fresh/config.fly',
      change: 'new',
      changes: [],
      replaces: false,
      ends_pin: false,
      launches: 2,
      runners: nobody,
    },
    {
      name: 'gone',
      file: 'Eggs/gone/config.fly',
      change: 'removed',
      changes: [],
      replaces: false,
      ends_pin: false,
      launches: 0,
      runners: { ...nobody, replaced: ['r3'], drained: ['r4'] },
    },
  ],
  unchanged: 4,
  changes_policies: true,
  diagnostics: [],
});
const noChange = { ...changes, status: 'success', held: [], eggs: [], changes_policies: false };
const error = { code: 'FLY004', severity: 'error', message: 'no', file: 'Eggs/a.fly', line: 3, column: 2 };

async function aNest(test: TestContext, answer: object) {
  const api = await startFakeApi({ 'POST /previews': answer });
  const directory = await aDirectory();
  test.onTestFinished(async () => {
    await api.close();
    await directory.remove();
  });
  mkdirSync(path.join(directory.path, 'Eggs'));
  const write = (text: string) => writeFileSync(path.join(directory.path, 'Eggs/a.fly'), text);
  write('# one\n');
  const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'a-read-token-of-the-api' };
  const run = (...args: string[]) => runCli(['plan', ...args], { cwd: directory.path, env });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: directory.path })
      .toString()
      .trim();
  return { api, run, write, git };
}

describe.concurrent('gosling plan', { timeout: 90_000 }, () => {
  it('shows what would be made, changed and killed, and that it would be held', async (test) => {
    const { run } = await aNest(test, changes);

    const { code, stdout, stderr } = await run();

    test.expect(code).toBe(0);
    test
      .expect(stdout)
      .toBe(
        [
          '~ app  Eggs/app/config.fly',
          '    resources.cpu: 2 → 4',
          '    runner.concurrent: 1 → 3 (no machine is replaced for it)',
          '    its pin ends',
          '    1 runner replaced, a share at a time',
          '    1 runner replaced after their jobs',
          '    launches 1 at once',
          '+ fresh  Eggs/fresh/config.fly',
          '    launches 2 at once',
          '- gone  Eggs/gone/config.fly',
          '    2 runners are removed, 1 of them after their jobs',
          '~ the policies of UglyFox',
          '',
          '1 new, 1 changed, 1 removed, 4 as they are, against commit abcdef12',
          '',
        ].join('\n'),
      );
    test.expect(stderr).toContain('9 of 9 runners would be removed');
  });

  it('says where it must be run when that is no Nest', async (test) => {
    const { path: cwd, remove } = await aDirectory();
    test.onTestFinished(remove);

    const { code, stderr } = await runCli(['plan'], { cwd });

    test.expect(stderr).toContain(`${cwd} is in no Nest: go to a directory that has a folder Eggs`);
    test.expect(stderr).toContain('CLI_NOT_IN_NEST');
    test.expect(code).toBe(5);
  });

  it('exits with 2 for changes only where that is asked for, with 3 for errors', async (test) => {
    const some = await aNest(test, changes);
    const none = await aNest(test, noChange);
    const broken = await aNest(test, { ...noChange, status: 'partial', diagnostics: [error] });

    const codes = [
      (await some.run('--detailed-exitcode')).code,
      (await none.run('--detailed-exitcode')).code,
      (await broken.run('--json')).code,
    ];
    const told = await broken.run();

    test.expect(codes).toEqual([2, 0, 3]);
    test.expect(told.stderr).toContain('Eggs/a.fly:3:2: no [FLY004]');
  });

  it('sends the working tree, or the files of a commit', async (test) => {
    const { run, api, write, git } = await aNest(test, noChange);
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '-m', 'one');
    const commit = git('rev-parse', 'HEAD');
    write('# two\n');

    await run('--json');
    await run('--commit', 'HEAD');
    const unknown = await run('--commit', '--output=x');

    test
      .expect(api.requests.map(({ body }) => body))
      .toEqual([
        { files: [{ path: 'Eggs/a.fly', text: '# two\n' }] },
        { files: [{ path: 'Eggs/a.fly', text: '# one\n' }], commit },
      ]);
    test.expect(unknown.code).toBe(5);
  });
});
