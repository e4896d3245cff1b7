import { limits } from '../check/limits.ts';
import { Sink } from '../diag/sink.ts';
import { checkCharacters } from './chars.ts';

import { Node } from './kinds.ts';
import { lex } from './lex.ts';
import { Parser } from './parser.ts';
import type { FileNode, ItemNode, Tokens } from './tree.ts';

/** One parsed file; `print` of its tokens is its text, whatever the text was. */
export interface SyntaxResult {
  readonly tokens: Tokens;
  readonly tree: FileNode;
  readonly sink: Sink;
}

/**
 * Parses by braces; only a file that has errors is parsed a second time with its indentation as a witness,
 * and the reading that needs fewer findings is kept; a block in column 1 that ended up inside another one counts as
 * two: a brace too few before it, one too many behind. A valid file is never judged by its indentation: no block of Fly stands in one of its own name.
 */
export function parseText(text: string, bytesInNest = 0): SyntaxResult {
  const characters = new Sink(text);
  if (text.length > limits.file) return refuse(text, characters, `${limits.file} characters`);
  if (bytesInNest > limits.fileOfNestBytes) {
    return refuse(text, characters, `1 MiB in a Nest, and this one has ${bytesInNest} bytes`);
  }
  checkCharacters(text, characters);
  const tokens = lex(text, characters);
  const first = new Sink(text, characters);
  const tree = new Parser(text, tokens, { sink: first, isWitness: false }).parse();
  if (first.total === characters.total && !holdsItself(tokens, tree)) return { tokens, tree, sink: first };
  const second = new Sink(text, characters);
  const witnessed = new Parser(text, tokens, { sink: second, isWitness: true }).parse();
  const isWorse = second.total + swallowed(tokens, witnessed) > first.total + swallowed(tokens, tree);
  if (isWorse) return { tokens, tree, sink: first };
  return { tokens, tree: witnessed, sink: second };
}

/** Is a block in column 1 inside one of its own name? Then a brace is forgotten here and another one too many there. */
function holdsItself(tokens: Tokens, tree: FileNode): boolean {
  if (tree.items.length >= tokens.heads.length - 1) return false;
  const heads = new Set(tokens.heads);
  const holds = (items: readonly ItemNode[], name: string): boolean =>
    items.some(
      (item) =>
        item.kind === Node.block && ((item.name === name && heads.has(item.at)) || holds(item.items, name)),
    );
  return tree.items.some((top) => top.kind === Node.block && holds(top.items, top.name));
}

/** The price of blocks whose header stands in column 1 and that are not top-level. */
function swallowed({ heads }: Tokens, tree: FileNode): number {
  let top = 0;
  let inside = 0;
  for (const head of heads) {
    while ((tree.items[top]?.at ?? head) < head) top++;
    if (tree.items[top]?.at !== head) inside++;
  }
  return 2 * inside;
}

/** A file over the limit is one token that nothing looks into. */
function refuse(text: string, sink: Sink, most: string): SyntaxResult {
  sink.add({ code: 'FLY091', start: 0, end: 0, message: `a file may have ${most}` });
  const tokens = {
    kinds: Uint8Array.of(17, 0),
    starts: Int32Array.of(0, text.length, text.length),
    count: 2,
    heads: [],
    balances: [],
  };
  return { tokens, tree: { items: [{ kind: 3, at: 0, end: 1 }], isBroken: true }, sink };
}
