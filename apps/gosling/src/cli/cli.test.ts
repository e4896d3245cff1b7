import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runAtTerminal, runCli } from '../../testing/cli.ts';
import { goslingVersion } from '../version.ts';
import { commandTable } from './command-table.ts';

describe.concurrent('gosling', { timeout: 90_000 }, () => {
  it('prints the version of its package without loading anything', async ({ expect }) => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));

    expect(goslingVersion).toBe(manifest.version);
    expect(await runCli(['--version'])).toEqual({
      code: 0,
      stdout: `gosling ${goslingVersion}\n`,
      stderr: '',
    });
  });

  it('prints its help on stdout, with every command', async ({ expect }) => {
    const { code, stdout } = await runCli(['--help']);
    const first = new Set(commandTable.map(({ path }) => path.split(' ')[0] ?? ''));

    expect(code).toBe(0);
    for (const name of first) expect(stdout).toContain(`  ${name}`);
    expect(await runCli([])).toMatchObject({ code: 0, stdout });
  });

  it('suggests the nearest command and option, and exits with 64', async ({ expect }) => {
    const command = await runCli(['staus']);
    const inner = await runCli(['list', 'egs']);
    const option = await runCli(['status', '--eg', 'x']);

    expect(command).toMatchObject({ code: 64, stdout: '' });
    expect(command.stderr).toContain('Did you mean status?');
    expect(inner).toMatchObject({ code: 64, stdout: '' });
    expect(inner.stderr).toContain('Did you mean eggs?');
    expect(option).toMatchObject({ code: 64, stdout: '' });
    expect(option.stderr).toContain('Did you mean --egg?');
  });

  it('exits with 64 when an argument is missing, too many, or none of the choices', async ({ expect }) => {
    for (const args of [['why'], ['explain', 'FLY030', 'FLY031'], ['init', '--cloud', 'azure'], ['list']]) {
      expect((await runCli(args)).code, args.join(' ')).toBe(64);
    }
  });

  it('never takes the value of a secret from a flag', async ({ expect }) => {
    const { code, stderr } = await runCli(['secret', 'put', 'a/b', '--value', 'x']);

    expect(code).toBe(64);
    expect(stderr).toContain("unknown option '--value'");
  });

  it('refuses an unknown GOSLING_ variable and names the one that was meant', async ({ expect }) => {
    const { code, stderr } = await runCli(['status'], { env: { GOSLING_ULR: 'http://127.0.0.1:1' } });

    expect(code).toBe(1);
    expect(stderr).toContain('did you mean GOSLING_URL?');
  });

  it('tells a failure as JSON on stderr with --json', async ({ expect }) => {
    const { code, stdout, stderr } = await runCli(['--json', 'explain', 'FLY999']);

    expect(code).toBe(5);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'CLI_MISSING' } });
  });

  it('prints causes only with --debug', async ({ expect }) => {
    const env = { GOSLING_URL: 'http://127.0.0.1:1', GOSLING_TOKEN: 'a-token-of-the-api' };
    const plain = await runCli(['status'], { env });
    const debug = await runCli(['status', '--debug'], { env });

    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('does not answer');
    expect(plain.stderr).not.toContain('caused by');
    expect(debug.stderr).toContain('caused by');
    expect(debug.stderr).not.toContain('a-token-of-the-api');
  });

  it('colours only a terminal that has not said NO_COLOR', async ({ expect }) => {
    const piped = await runCli(['status']);
    const terminal = await runAtTerminal(['status']);
    const noColor = await runAtTerminal(['status'], { env: { NO_COLOR: '1' } });

    expect(piped.stderr).not.toContain('\u001b[');
    expect(terminal.stdout).toContain('\u001b[31merror');
    expect(noColor.stdout).not.toContain('\u001b[31m');
  });

  it('ends quietly when its reader closes the pipe', async ({ expect }) => {
    const { code, stderr } = await shell('"$0" "$1" --help | head -1');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('completion', { timeout: 90_000 }, () => {
  it('gives a bash script that completes commands and flags', async () => {
    const { code, stdout } = await runCli(['completion', 'bash']);
    const file = path.join(tmpdir(), `gosling-completion-${process.pid}.bash`);
    await writeFile(file, stdout);
    const complete = async (words: string) => {
      const script = `source ${file}; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _gosling; echo "\${COMPREPLY[@]}"`;
      return (await promisify(execFile)('bash', ['-c', script])).stdout.trim();
    };

    expect(code).toBe(0);
    await promisify(execFile)('bash', ['-n', file]);
    expect(await complete("gosling 'sta'")).toBe('status');
    expect(await complete("gosling list 'ru'")).toBe('runners');
    expect(await complete("gosling --json add egg my-app '--gitlab-p'")).toBe('--gitlab-project-id');
    await promisify(execFile)('rm', [file]);
  });

  it('has scripts for zsh and fish, and says which shells there are', async () => {
    expect((await runCli(['completion', 'zsh'])).stdout).toMatch(/^#compdef gosling\n/);
    expect((await runCli(['completion', 'fish'])).stdout).toContain("__fish_use_subcommand' -a status");
    expect(await runCli(['completion', 'tcsh'])).toMatchObject({ code: 64 });
  });
});

async function shell(script: string): Promise<{ code: number; stderr: string }> {
  const main = new URL('../main.ts', import.meta.url).pathname;
  const { stderr } = await promisify(execFile)('bash', [
    '-o',
    'pipefail',
    '-c',
    script,
    process.execPath,
    main,
  ]);
  return { code: 0, stderr: stderr.replace(/^.*ExperimentalWarning.*\n.*\n/, '') };
}
