import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isEggName, reservedNames } from '@polar-gosling/domain';
import { codeOf } from '@polar-gosling/kernel';
import { type BlockWish, type NamedBlock, namedBlocks, type Placing, placeBlock } from '@polar-gosling/nest';
import { cliErrors } from '../../cli-errors.ts';
import { type NestText, readFlyFiles } from '../../nest-files.ts';
import type { Output } from '../../output.ts';

export type WriteResult = 'created' | 'added' | 'unchanged';

/** A name that an Egg, bucket or job may have. */
export function checkName(name: string, what: string): void {
  if (isEggName(name)) return;
  const isReserved = reservedNames.includes(name.toLowerCase());
  throw cliErrors.usage({
    problem: isReserved ? `"${name}" is a reserved name` : `"${name}" is no name for ${what}`,
    fix: isReserved
      ? 'take another one'
      : 'use letters, digits, - and _ (at most 63, a letter or digit at both ends)',
  });
}

/** The Nest at this path, with its files. */
export async function openNest(
  cwd: string,
  given: string,
): Promise<{ root: string; files: readonly NestText[] }> {
  const root = path.resolve(cwd, given);
  try {
    await readFile(path.join(root, 'UF', 'config.fly'));
  } catch (error) {
    throw cliErrors.missing(
      { what: `a Nest in ${root}`, fix: 'run gosling init there first, or pass --path' },
      { cause: error },
    );
  }
  return { root, files: await readFlyFiles(root) };
}

/** Refuses a name that another block of the Nest has: Eggs, buckets and jobs share one name space. */
export function checkIsFree(files: readonly NestText[], wish: NamedBlock): void {
  const isTwin = ({ kind, name, file }: NamedBlock) =>
    name.toLowerCase() === wish.name.toLowerCase() &&
    !(kind === wish.kind && name === wish.name && file === wish.file);
  const twin = namedBlocks(files).find(isTwin);
  if (twin === undefined) return;
  throw cliErrors.exists({
    what: `${twin.kind} "${twin.name}" (${twin.file})`,
    fix: 'Eggs, buckets and jobs share one name space, upper and lower case aside: take another name',
  });
}

/** Writes the block into its file; what stands there already stays byte for byte. */
export async function writeBlock(root: string, file: string, wish: BlockWish): Promise<WriteResult> {
  const standing = await textOf(path.join(root, file));
  return await applyPlacing(root, { file, standing }, placeBlock(standing ?? '', wish));
}

/** Writes what came of placing something into a file. */
export async function applyPlacing(
  root: string,
  { file, standing }: { readonly file: string; readonly standing: string | undefined },
  placing: Placing,
): Promise<WriteResult> {
  const target = path.join(root, file);
  if (placing.kind === 'unchanged') return 'unchanged';
  if (placing.kind === 'different') {
    throw cliErrors.exists({ what: `${file} with other values`, fix: 'edit it, or remove it first' });
  }
  if (placing.kind === 'broken') {
    throw cliErrors.refused({
      what: file,
      reason: 'it has mistakes, so nothing can be added; gosling validate',
    });
  }
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, placing.text, standing === undefined ? { flag: 'wx' } : {});
  return standing === undefined ? 'created' : 'added';
}

export async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What a person is told of it. */
export function sayWritten(output: Output, file: string, result: WriteResult): void {
  const said = { created: 'written', added: 'has it now too', unchanged: 'is as it should be' }[result];
  output.talk(`${file} ${said}`);
}
