import { mapLimit } from '@polar-gosling/kernel';
import type { NestFile } from '@polar-gosling/nest';
import { cliErrors } from '../../cli-errors.ts';
import { findRepository, type NestText } from '../../nest-files.ts';
import { askGit } from '../../run-git.ts';

/** A commit that changed more is no rename to be told of. */
const mostChanged = 200;
const atOnce = 4;

/**
 * The Nest as a commit has it; `undefined` outside of Git, before the first commit, and where nothing differs. Without a
 * commit that was asked for it is that of HEAD, and where Git has no answer nothing is compared.
 */
export async function readBefore(
  base: string,
  files: readonly NestText[],
  at: { readonly since: string | undefined; readonly signal: AbortSignal },
): Promise<readonly NestFile[] | undefined> {
  if (at.since === undefined && (await findRepository(base)) === undefined) return undefined;
  const git: Git = (...args) => askGit(base, ['-c', 'core.fsmonitor=false', ...args], at.signal);
  try {
    const commit = at.since === undefined ? 'HEAD' : await resolve(git, at.since);
    return await filesOf({ git, signal: at.signal }, commit, files);
  } catch (error) {
    if (at.since !== undefined || at.signal.aborted) throw error;
    return undefined;
  }
}

type Git = (...args: readonly string[]) => Promise<string | undefined>;

/** A name from a flag is only ever a commit, never an option. */
async function resolve(git: Git, since: string): Promise<string> {
  const known = await git('rev-parse', '--quiet', '--verify', '--end-of-options', `${since}^{commit}`);
  if (known !== undefined) return known;
  throw cliErrors.missing({ what: `the commit ${since}`, fix: 'fetch it: git fetch origin' });
}

async function filesOf(
  { git, signal }: { readonly git: Git; readonly signal: AbortSignal },
  commit: string,
  files: readonly NestText[],
): Promise<readonly NestFile[] | undefined> {
  const diff = ['diff', '--name-only', '--no-renames', '--no-ext-diff', '--relative', '-z', commit];
  const changed = namesOf(await git(...diff, '--', '*.fly'));
  if (changed.length === 0 || changed.length > mostChanged) return undefined;
  const old = await mapLimit(changed, { limit: atOnce, signal }, async (name) => {
    const text = await git('show', '--no-textconv', `${commit}:./${name}`);
    return text === undefined ? [] : [{ path: name, text: `${text}\n` }];
  });
  const others = namesOf(await git('ls-files', '--others', '-z', '--', '*.fly'));
  const isNew = new Set([...changed, ...others]);
  return [...files.filter(({ path }) => !isNew.has(path)), ...old.flat()];
}

function namesOf(list: string | undefined): string[] {
  return (list ?? '').split('\0').filter((name) => name !== '');
}
