import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cliErrors } from '../cli-errors.ts';

const run = promisify(execFile);
const timeoutMs = 30_000;

/** Runs the system's Git in a folder, with nothing of the user's configuration. */
export async function runGit(
  args: readonly string[],
  at: { cwd: string; signal: AbortSignal },
): Promise<string> {
  const identity = { NAME: 'Polar Gosling', EMAIL: 'demo@example.com' };
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin',
    HOME: at.cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: identity.NAME,
    GIT_AUTHOR_EMAIL: identity.EMAIL,
    GIT_COMMITTER_NAME: identity.NAME,
    GIT_COMMITTER_EMAIL: identity.EMAIL,
  };
  try {
    const { stdout } = await run('git', [...args], {
      cwd: at.cwd,
      env,
      timeout: timeoutMs,
      signal: at.signal,
    });
    return stdout.trim();
  } catch (error) {
    const detail = error instanceof Error ? error.message.trim() : String(error);
    throw cliErrors.commandFailed({ command: `git ${args[0]}`, detail }, { cause: error });
  }
}
