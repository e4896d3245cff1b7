import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codes } from '@polar-gosling/fly';
import { describe, it } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';

const good = 'egg "a" {\n  type = "vm"\n\n  gitlab {\n    project_id = 1\n  }\n}\n';
const bad = good.replace('type = "vm"', 'type="vm"');

describe.concurrent('gosling fmt', { timeout: 120_000 }, () => {
  it('shows with --diff what it would change, and changes nothing', async (test) => {
    const directory = await aDirectory();
    test.onTestFinished(directory.remove);
    await mkdir(path.join(directory.path, 'Eggs'));
    const file = path.join(directory.path, 'Eggs/a.fly');
    await writeFile(file, bad);

    const diff = await runCli(['fmt', '--diff'], { cwd: directory.path });
    const both = await runCli(['fmt', '--diff', '--check'], { cwd: directory.path });

    test.expect(diff.code).toBe(0);
    test.expect(diff.stdout).toContain('--- Eggs/a.fly\n+++ Eggs/a.fly\n@@ -1,5 +1,5 @@\n egg "a" {\n');
    test.expect(diff.stdout).toContain('-  type="vm"\n+  type = "vm"\n');
    test.expect(both).toMatchObject({ code: 1, stdout: diff.stdout });
    test.expect(await readFile(file, 'utf8')).toBe(bad);
  });

  it('formats stdin to stdout', async (test) => {
    test.expect(await runCli(['fmt', '-'], { input: bad })).toMatchObject({ code: 0, stdout: good });
    test.expect(await runCli(['fmt', '-', '--check'], { input: bad })).toMatchObject({ code: 1, stdout: '' });
    test.expect(await runCli(['fmt', '-', '--check'], { input: good })).toMatchObject({ code: 0 });
    const { stdout } = await runCli(['fmt', '-', '--diff'], { input: bad });
    test.expect(stdout).toContain('+++ stdin');
    test.expect((await runCli(['fmt', '-', '.'], { input: bad })).code).toBe(64);
  });

  it('tells a file that is too big, leaves it alone and formats the others', async (test) => {
    const directory = await aDirectory();
    test.onTestFinished(directory.remove);
    const big = `${bad}# ${'x'.repeat(1024 * 1024)}\n`;
    await writeFile(path.join(directory.path, 'a.fly'), big);
    await writeFile(path.join(directory.path, 'b.fly'), bad);

    const { code, stdout, stderr } = await runCli(['fmt'], { cwd: directory.path });

    test.expect({ code, stdout }).toEqual({ code: 3, stdout: 'b.fly\n' });
    test.expect(stderr).toContain('error FLY091');
    test.expect(stderr).toContain('a.fly:1:1');
    test.expect(await readFile(path.join(directory.path, 'a.fly'), 'utf8')).toBe(big);
    test.expect(await readFile(path.join(directory.path, 'b.fly'), 'utf8')).toBe(good);
  });

  it('writes nothing through a symbolic link', async (test) => {
    const directory = await aDirectory();
    test.onTestFinished(directory.remove);
    await writeFile(path.join(directory.path, 'outside.txt'), bad);
    await symlink('outside.txt', path.join(directory.path, 'l.fly'));

    const { code, stderr } = await runCli(['fmt', 'l.fly'], { cwd: directory.path });

    test.expect(code).toBe(64);
    test.expect(stderr).toContain('l.fly: a symbolic link is not followed');
    test.expect(await readFile(path.join(directory.path, 'outside.txt'), 'utf8')).toBe(bad);
  });

  it('leaves a file alone that it could not write back', async (test) => {
    const directory = await aDirectory();
    test.onTestFinished(directory.remove);
    const bytes = Buffer.concat([Buffer.from(bad), Buffer.from([0x23, 0xff, 0x0a])]);
    await writeFile(path.join(directory.path, 'a.fly'), bytes);

    test.expect((await runCli(['fmt'], { cwd: directory.path })).code).toBe(0);
    test.expect(await readFile(path.join(directory.path, 'a.fly'))).toEqual(bytes);
  });
});

describe.concurrent('gosling schema and explain', { timeout: 120_000 }, () => {
  it('prints the JSON Schema of the language', async (test) => {
    const { code, stdout } = await runCli(['schema']);

    test.expect(code).toBe(0);
    test
      .expect(JSON.parse(stdout))
      .toMatchObject({ title: 'Fly', properties: { egg: test.expect.anything() } });
  });

  it('explains a code as data too', async (test) => {
    const { stdout } = await runCli(['explain', 'FLY030', '--json']);

    test.expect(JSON.parse(stdout)).toMatchObject({ code: 'FLY030', ...codes.FLY030 });
  });
});
