import { Node, Token } from '../syntax/kinds.ts';
import type { AttributeNode, FileNode, ItemNode, Tokens, ValueNode } from '../syntax/tree.ts';

/** What the tree says about the tokens, for printing them. */
export interface Layout {
  /** 1: opens a bracket whose content stands on lines of its own; 2: closes one. */
  readonly brackets: Uint8Array;
  /** 1: the last item of a multi-line list lacks its comma. */
  readonly commas: Uint8Array;
  /** Blanks before `=`, where more than one. */
  readonly pads: ReadonlyMap<number, number>;
}

/** Longer names take no part in aligning, so that one of them does not move all others. */
const longestAligned = 40;

export function makeLayout(tokens: Tokens, tree: FileNode): Layout {
  const planner = new Planner(tokens);
  planner.body(tree.items);
  return planner;
}

class Planner implements Layout {
  readonly brackets: Uint8Array;
  readonly commas: Uint8Array;
  readonly pads = new Map<number, number>();
  readonly #tokens: Tokens;
  /** Line ends before each token; a heredoc counts as one, since it ends its line. */
  readonly #lines: Int32Array;
  #run: AttributeNode[] = [];

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
    this.brackets = new Uint8Array(tokens.count);
    this.commas = new Uint8Array(tokens.count);
    this.#lines = new Int32Array(tokens.count + 1);
    for (let token = 0; token < tokens.count; token++) {
      const kind = tokens.kinds[token];
      const isEnd = kind === Token.newline || kind === Token.heredoc;
      this.#lines[token + 1] = (this.#lines[token] ?? 0) + (isEnd ? 1 : 0);
    }
  }

  body(items: readonly ItemNode[]): void {
    const outer = this.#run;
    this.#run = [];
    let previous = -1;
    for (const item of items) {
      if (previous >= 0 && this.#hasBlankLine(previous, item.at)) this.#align();
      previous = item.end;
      if (item.kind === Node.attribute) this.#attribute(item);
      else this.#align();
      if (item.kind === Node.block && item.open >= 0 && item.close >= 0) {
        this.#bracket(item.open, item.close);
        this.body(item.items);
      }
    }
    this.#align();
    this.#run = outer;
  }

  #attribute(item: AttributeNode): void {
    if (this.#isAlignable(item)) this.#run.push(item);
    else this.#align();
    this.#value(item.value);
  }

  /** Does it stand alone on one line, with nothing between its name and `=`? */
  #isAlignable(item: AttributeNode): boolean {
    const { kinds } = this.#tokens;
    const isOneLine = this.#lines[item.at] === this.#lines[item.end];
    const gap = item.equals - item.at;
    const isPlain = gap === 1 || (gap === 2 && kinds[item.at + 1] === Token.blank);
    return isOneLine && isPlain && this.#startsLine(item.at) && this.#endsLine(item.end);
  }

  #startsLine(token: number): boolean {
    let before = token - 1;
    while (before >= 0 && this.#tokens.kinds[before] === Token.blank) before--;
    return before < 0 || this.#tokens.kinds[before] === Token.newline || this.brackets[before] === 1;
  }

  #endsLine(token: number): boolean {
    const { kinds } = this.#tokens;
    let after = token;
    let kind = kinds[after];
    while (kind === Token.blank || kind === Token.comma || kind === Token.comment) kind = kinds[++after];
    if (kind === Token.newline || kind === Token.end) return true;
    return (kind === Token.closeBrace || kind === Token.closeList) && this.#lines[after] !== undefined;
  }

  #hasBlankLine(from: number, to: number): boolean {
    const { kinds } = this.#tokens;
    let isEmpty = false;
    for (let token = from; token < to; token++) {
      const kind = kinds[token];
      if (kind === Token.newline && isEmpty) return true;
      if (kind === Token.newline) isEmpty = true;
      else if (kind !== Token.blank) isEmpty = false;
    }
    return false;
  }

  #align(): void {
    const widths = this.#run.map((item) => this.#widthOf(item.at)).filter((width) => width <= longestAligned);
    const widest = Math.max(0, ...widths);
    for (const item of this.#run) {
      const width = this.#widthOf(item.at);
      if (width < widest) this.pads.set(item.equals, widest - width);
    }
    this.#run = [];
  }

  #widthOf(token: number): number {
    return (this.#tokens.starts[token + 1] ?? 0) - (this.#tokens.starts[token] ?? 0);
  }

  #value(value: ValueNode): void {
    if (value.kind === Node.map) {
      this.#bracket(value.at, value.end - 1);
      this.body(value.items);
    } else if (value.kind === Node.list) {
      this.#bracket(value.at, value.end - 1);
      for (const item of value.items) this.#value(item);
      const last = value.items.at(-1);
      if (this.brackets[value.at] === 1 && last !== undefined) this.#trailingComma(last, value.end - 1);
    }
  }

  /** A bracket with a line end and anything else inside has its content on lines of its own. */
  #bracket(open: number, close: number): void {
    if (this.#lines[open + 1] === this.#lines[close]) return;
    const { kinds } = this.#tokens;
    let inner = open + 1;
    while (kinds[inner] === Token.blank || kinds[inner] === Token.newline) inner++;
    if (inner === close) return;
    this.brackets[open] = 1;
    this.brackets[close] = 2;
  }

  #trailingComma(last: ValueNode, close: number): void {
    if (last.kind === Node.heredoc) return;
    for (let token = last.end; token < close; token++) {
      if (this.#tokens.kinds[token] === Token.comma) return;
    }
    this.commas[last.end - 1] = 1;
  }
}
