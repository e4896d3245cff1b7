import path from 'node:path';
import { cliErrors } from '../../cli-errors.ts';
import { findNest, kindOf, type NestText, readFly, readFlyFiles } from '../../nest-files.ts';

/** The files of one Nest (or of a directory that is none), and which of them were asked for. */
export interface Selection {
  /** What the paths of the files are relative to. */
  readonly base: string;
  readonly files: readonly NestText[];
  readonly isChosen: (file: string) => boolean;
}

/** What the given paths mean; paths into one Nest are one selection, so that nothing is told twice. */
export async function selectFiles(cwd: string, paths: readonly string[]): Promise<readonly Selection[]> {
  const byBase = new Map<string, Selection>();
  for (const given of paths.length === 0 ? ['.'] : paths) {
    const found = await select(path.resolve(cwd, given), given);
    const known = byBase.get(found.base);
    byBase.set(found.base, known === undefined ? found : join(known, found));
  }
  return [...byBase.values()];
}

function join(one: Selection, other: Selection): Selection {
  const files = new Map([...one.files, ...other.files].map((file) => [file.path, file]));
  return {
    base: one.base,
    files: [...files.values()],
    isChosen: (file) => one.isChosen(file) || other.isChosen(file),
  };
}

/** A directory is a Nest or a part of one; a file is read with its whole Nest, since files know each other. */
async function select(absolute: string, given: string): Promise<Selection> {
  const isDirectory = (await kindOf(absolute, given)) === 'directory';
  const root = await findNest(isDirectory ? absolute : path.dirname(absolute));
  if (isDirectory) return selectBelow(root ?? absolute, { absolute, given });
  if (!absolute.endsWith('.fly')) throw cliErrors.usage({ problem: `${given} is no .fly file` });
  const base = root ?? path.dirname(absolute);
  const name = path.relative(base, absolute).split(path.sep).join('/');
  const files = root === undefined ? [await readFly(base, absolute)] : await readFlyFiles(root);
  if (files.some((file) => file.path === name)) return { base, files, isChosen: (file) => file === name };
  throw cliErrors.usage({ problem: `${given} is none of the files of the Nest in ${base}` });
}

async function selectBelow(
  base: string,
  { absolute, given }: { readonly absolute: string; readonly given: string },
): Promise<Selection> {
  const files = await readFlyFiles(base);
  const below = path.relative(base, absolute).split(path.sep).join('/');
  const isChosen = (file: string) => below === '' || file.startsWith(`${below}/`);
  if (files.some((file) => isChosen(file.path))) return { base, files, isChosen };
  throw cliErrors.missing({ what: `a .fly file in ${given}`, fix: 'gosling init makes a Nest' });
}
