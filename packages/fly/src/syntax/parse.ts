import { limits } from '../check/limits.ts';
import { Sink } from '../diag/sink.ts';
import { checkCharacters } from './chars.ts';
import { lex } from './lex.ts';
import { Parser } from './parser.ts';
import type { FileNode, Tokens } from './tree.ts';

/** One parsed file; `print` of its tokens is its text, whatever the text was. */
export interface SyntaxResult {
  readonly tokens: Tokens;
  readonly tree: FileNode;
  readonly sink: Sink;
}

/**
 * Parses by braces; only a file that has errors is parsed a second time with its indentation as a witness,
 * and the reading that needs fewer findings is kept. A valid file is never judged by its indentation.
 */
export function parseText(text: string): SyntaxResult {
  const characters = new Sink(text);
  if (text.length > limits.file) return refuse(text, characters);
  checkCharacters(text, characters);
  const tokens = lex(text, characters);
  const first = new Sink(text, characters);
  const tree = new Parser(text, tokens, { sink: first, isWitness: false }).parse();
  if (first.total === characters.total) return { tokens, tree, sink: first };
  const second = new Sink(text, characters);
  const witnessed = new Parser(text, tokens, { sink: second, isWitness: true }).parse();
  if (second.total > first.total) return { tokens, tree, sink: first };
  return { tokens, tree: witnessed, sink: second };
}

/** A file over the limit is one token that nothing looks into. */
function refuse(text: string, sink: Sink): SyntaxResult {
  sink.add({ code: 'FLY091', start: 0, end: 0, message: `a file may have ${limits.file} characters` });
  const tokens = {
    kinds: Uint8Array.of(17, 0),
    starts: Int32Array.of(0, text.length, text.length),
    count: 2,
    heads: [],
    balances: [],
  };
  return { tokens, tree: { items: [{ kind: 3, at: 0, end: 1 }], isBroken: true }, sink };
}
