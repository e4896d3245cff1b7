import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { deadline } from '@polar-gosling/kernel';
import { cliErrors } from '../cli-errors.ts';

const timeoutMs = 30_000;

/**
 * Runs the system's Git in a folder, with nothing of the user's configuration. In a process group of its own: Ctrl-C is
 * for the demo, which ends it; a Git that heard it too would be a failure before the demo knows why. Has ended when this
 * answers or fails.
 */
export async function runGit(
  args: readonly string[],
  at: { cwd: string; signal: AbortSignal },
): Promise<string> {
  const ends = deadline(at.signal, timeoutMs);
  ends.throwIfAborted();
  const child = spawn('git', [...args], {
    ...{ cwd: at.cwd, env: environmentOf(at.cwd), detached: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => endGroup(child.pid);
  ends.addEventListener('abort', end, { once: true });
  try {
    const [said, complaint, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    ends.throwIfAborted();
    if (code === 0) return said.trim();
    throw cliErrors.commandFailed({ command: `git ${args[0]}`, detail: complaint.trim() || `code ${code}` });
  } finally {
    ends.removeEventListener('abort', end);
  }
}

function environmentOf(home: string): Record<string, string> {
  const identity = { NAME: 'Polar Gosling', EMAIL: 'demo@example.com' };
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: identity.NAME,
    GIT_AUTHOR_EMAIL: identity.EMAIL,
    GIT_COMMITTER_NAME: identity.NAME,
    GIT_COMMITTER_EMAIL: identity.EMAIL,
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // The group is gone already.
  }
}
