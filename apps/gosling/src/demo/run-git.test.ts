import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runGit } from './run-git.ts';

let cwd: string;
const { signal } = new AbortController();

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'gosling-git-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** Git with an alias that is a shell script. */
const asShell = (script: string) => ['-c', `alias.script=!${script}`, 'script'];
const groupOf = (stat: string) => stat.split(' ')[4];

describe('the Git of the demo', () => {
  it('answers what Git says, and fails with its complaint', async () => {
    await runGit(['init', '--quiet', '--initial-branch=main'], { cwd, signal });

    expect(await runGit(['symbolic-ref', 'HEAD'], { cwd, signal })).toBe('refs/heads/main');
    await expect(runGit(['rev-parse', '--verify', 'HEAD'], { cwd, signal })).rejects.toMatchObject({
      code: 'CLI_COMMAND_FAILED',
      message: expect.stringContaining('Needed a single revision'),
    });
  });

  it('does not hear the Ctrl-C that is for the demo', async ({ skip }) => {
    skip(process.platform !== 'linux', 'the group of a process is read from /proc');
    const told = await runGit(asShell('cat /proc/self/stat'), { cwd, signal });

    expect(groupOf(told)).toMatch(/^\d+$/);
    expect(groupOf(told)).not.toBe(groupOf(readFileSync('/proc/self/stat', 'utf8')));
  });

  it('has ended, with all it started, when it is called off', async () => {
    const called = new AbortController();
    const script = `trap 'touch ended; exit 1' TERM; touch started; while :; do sleep 0.05; done`;

    const running = runGit(asShell(script), { cwd, signal: called.signal }).catch((error: unknown) => error);
    await expect.poll(() => existsSync(path.join(cwd, 'started'))).toBe(true);
    called.abort(new Error('called off'));

    expect(await running).toMatchObject({ message: 'called off' });
    expect(existsSync(path.join(cwd, 'ended'))).toBe(true);
  });
});
