import { addBlock, type BlockStep, checkFly, type FlyBlock, formatFly, parseFly } from '@polar-gosling/fly';
import type { NestFile } from './nest-read.ts';

/** A block that is to be in a file of the Nest. */
export interface BlockWish {
  readonly kind: 'egg' | 'eggsbucket' | 'job';
  readonly name: string;
  /** The whole block, formatted. */
  readonly block: string;
}

export type Placing =
  | { readonly kind: 'written'; readonly text: string }
  /** It stands there and says the same. */
  | { readonly kind: 'unchanged' }
  /** It stands there and says something else. */
  | { readonly kind: 'different' }
  /** The file has mistakes, so nothing can be added to it. */
  | { readonly kind: 'broken' };

/** Puts a block into a file; what stands in the file already stays byte for byte. */
export function placeBlock(text: string, wish: BlockWish): Placing {
  const standing = findBlock(text, wish);
  if (standing !== undefined) {
    const wanted = findBlock(wish.block, wish);
    const isSame = JSON.stringify(standing.values) === JSON.stringify(wanted?.values);
    return { kind: isSame ? 'unchanged' : 'different' };
  }
  const edited = addBlock(text, { in: [], block: wish.block });
  return edited.kind === 'ok' ? { kind: 'written', text: edited.text } : edited;
}

/** Adds what a bucket lacks of these projects and groups; undefined where the file cannot be edited. */
export function placeRepos(
  text: string,
  name: string,
  repos: readonly { readonly label: string; readonly block: string }[],
): Placing {
  const standing = findBlock(text, { kind: 'eggsbucket', name });
  if (standing?.kind !== 'eggsbucket') return { kind: 'different' };
  const labels = standing.values.repositories?.repo?.map(({ label }) => label) ?? [];
  const missing = repos.filter(({ label }) => !labels.includes(label));
  if (missing.length === 0) return { kind: 'unchanged' };
  const way: readonly BlockStep[] = [{ kind: 'eggsbucket', labels: [name] }, { kind: 'repositories' }];
  let grown = text;
  for (const { block } of missing) {
    const edited = addBlock(grown, { in: way, block: formatFly(block) });
    if (edited.kind !== 'ok') return edited;
    grown = edited.text;
  }
  return { kind: 'written', text: grown };
}

function findBlock(text: string, { kind, name }: Pick<BlockWish, 'kind' | 'name'>): FlyBlock | undefined {
  return checkFly(parseFly(text)).blocks.find((block) => block.kind === kind && block.name === name);
}

/** A block that has a name in the Nest. */
export interface NamedBlock {
  readonly kind: BlockWish['kind'];
  readonly name: string;
  readonly file: string;
}

/** The Eggs, buckets and jobs of these files, those with mistakes too. */
export function namedBlocks(files: readonly NestFile[]): NamedBlock[] {
  return files.flatMap(({ path, text }) =>
    checkFly(parseFly(text, { file: path })).blocks.flatMap(({ kind, name }) =>
      kind === 'egg' || kind === 'eggsbucket' || kind === 'job' ? [{ kind, name, file: path }] : [],
    ),
  );
}
