import { mapLimit } from '@polar-gosling/kernel';
import { cliErrors } from '../../cli-errors.ts';
import type { NestText } from '../../nest-files.ts';
import { askGit } from '../../run-git.ts';

const atOnce = 8;

/** The `.fly` files of a Nest as a commit of the repository around it has them. */
export async function readCommit(
  nest: string,
  name: string,
  signal: AbortSignal,
): Promise<{ id: string; files: readonly NestText[] }> {
  const git = (...args: readonly string[]) => askGit(nest, ['-c', 'core.fsmonitor=false', ...args], signal);
  // A name from a flag is only ever a commit, never an option.
  const id = await git('rev-parse', '--quiet', '--verify', '--end-of-options', `${name}^{commit}`);
  if (id === undefined) throw cliErrors.missing({ what: `the commit ${name}`, fix: 'fetch it: git fetch' });
  const list = (await git('ls-tree', '-r', '-z', '--name-only', id)) ?? '';
  const paths = list.split('\0').filter((path) => path.endsWith('.fly'));
  const files = await mapLimit(paths, { limit: atOnce, signal }, async (path) => {
    const text = await git('show', '--no-textconv', `${id}:./${path}`);
    if (text === undefined) throw cliErrors.unreadable({ path, reason: `git has no text of it at ${name}` });
    return { path, text: `${text}\n` };
  });
  return { id, files };
}
