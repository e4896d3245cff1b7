import { type LocalGit, runLocal } from './local-git.ts';
import { isObjectName } from './object-name.ts';

/** Git answers 0 for yes, 1 for no, 128 where it does not have one of the commits. */
export async function askAncestor(
  git: LocalGit,
  of: { ancestor: string; commit: string },
  signal: AbortSignal,
): Promise<'yes' | 'no' | 'unknown'> {
  if (!isObjectName(of.ancestor) || !isObjectName(of.commit)) return 'unknown';
  const args = ['merge-base', '--is-ancestor', of.ancestor, of.commit];
  const { exitCode } = await runLocal(git, { args, what: 'compare two commits' }, signal);
  if (exitCode === 0) return 'yes';
  return exitCode === 1 ? 'no' : 'unknown';
}
