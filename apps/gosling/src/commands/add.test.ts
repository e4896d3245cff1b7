import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it as sequential, type TestContext } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';

// A process takes most of a second to start, so they start side by side.
const it = sequential.concurrent;
const token = 'glpat-abcdefghijklmnopqrst';

async function aNest({ onTestFinished }: TestContext): Promise<string> {
  const directory = await aDirectory();
  onTestFinished(directory.remove);
  await runCli(['init', '--git-init'], { cwd: directory.path });
  return directory.path;
}

describe('gosling add bucket', { timeout: 120_000 }, () => {
  it('writes a valid bucket and its secrets; run again, it adds what is missing and keeps the rest', async (test) => {
    const cwd = await aNest(test);
    const file = path.join(cwd, 'Eggs/services/config.fly');
    const add = ['--offline', 'add', 'bucket', 'services', '--gitlab-project-id', '11'];

    const first = await runCli([...add, '--api-token-stdin'], { cwd, input: token });
    await writeFile(file, (await readFile(file, 'utf8')).replace('type =', '# ours\n  type ='));
    const second = await runCli([...add, '--gitlab-group-id', '7'], { cwd });
    const third = await runCli([...add, '--gitlab-group-id', '7'], { cwd });
    const text = await readFile(file, 'utf8');
    const checked = await runCli(['validate'], { cwd });
    const secrets = await runCli(['secret', 'list', '--json'], { cwd });

    test.expect([first.code, second.code, third.code, checked.code]).toEqual([0, 0, 0, 0]);
    test.expect(first.stdout).toBe('Eggs/services/config.fly\n');
    test.expect(third.stderr).toContain('is as it should be');
    test.expect(text).toContain('  # ours\n  type = "vm"');
    test.expect(text.match(/repo "(project-11|group-7)"/g)).toHaveLength(2);
    test.expect(secrets.stdout).toContain('gitlab/gitlab.com/services/webhook-secret');
    test.expect(secrets.stdout).toContain('gitlab/gitlab.com/services/api-token');
  });

  it('refuses one project twice, and asks for what is missing by its flag', async (test) => {
    const cwd = await aNest(test);
    const add = ['--offline', 'add', 'bucket', 'services'];

    const twice = await runCli([...add, '--gitlab-project-id', '1', '--gitlab-project-id', '1'], { cwd });
    const nothing = await runCli(add, { cwd });

    test.expect(twice.stderr).toContain('project 1 is named twice');
    test.expect(nothing.stderr).toContain('pass --gitlab-project-id');
    test.expect([twice.code, nothing.code]).toEqual([64, 64]);
  });
});

describe('gosling add job', { timeout: 120_000 }, () => {
  it('writes a valid job, and changes nothing when it runs again', async (test) => {
    const cwd = await aNest(test);
    const add = ['add', 'job', 'tidy', '--schedule', '0 4 * * 0', '--script', 'echo hi'];

    const first = await runCli(add, { cwd });
    const again = await runCli(add, { cwd });
    const other = await runCli([...add.slice(0, -1), 'echo ho'], { cwd });
    const checked = await runCli(['validate'], { cwd });

    test.expect([first.code, again.code, other.code, checked.code]).toEqual([0, 0, 6, 0]);
    test.expect(again.stderr).toContain('is as it should be');
    test
      .expect(await readFile(path.join(cwd, 'Jobs/tidy.fly'), 'utf8'))
      .toBe('job "tidy" {\n  schedule = "0 4 * * 0"\n  script   = "echo hi"\n}\n');
  });

  it('refuses a schedule that never comes, and a name that another block has', async (test) => {
    const cwd = await aNest(test);
    await runCli(['add', 'job', 'tidy', '--script', 'date'], { cwd });

    const never = await runCli(['add', 'job', 'x', '--schedule', '0 0 31 2 *', '--script', 'x'], { cwd });
    const job = await runCli(['add', 'job', 'TIDY', '--script', 'x'], { cwd });

    test.expect(never.stderr).toContain('0 0 31 2 *');
    test.expect(job.stderr).toContain('job "tidy" (Jobs/tidy.fly) exists already');
    test.expect([never.code, job.code]).toEqual([64, 6]);
  });
});
