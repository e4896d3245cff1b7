import { gitErrors } from '@polar-gosling/ports/git';
import type { GitCommand, GitResult, RunGit } from './git-process.ts';
import { hardenedArgs } from './hardened.ts';
import type { GitLimits } from './limits.ts';

/** What commands that need no network run with. */
export interface LocalGit {
  readonly run: RunGit;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: GitLimits;
}

/** Runs a local command; the exit code is for the caller to judge, a timeout is not. */
export async function runLocal(
  git: LocalGit,
  command: Pick<GitCommand, 'args' | 'stdin' | 'onOutput'> & { what: string },
  signal: AbortSignal,
): Promise<GitResult> {
  const { what, args, ...rest } = command;
  const timeoutMs = git.limits.localTimeoutMs;
  const whole = { ...rest, args: [...hardenedArgs, ...args], env: git.env, timeoutMs };
  const result = await git.run(whole, { signal });
  if (!result.isTimedOut) return result;
  throw gitErrors.failed({ what, reason: `not done within ${timeoutMs / 1000} s` });
}
