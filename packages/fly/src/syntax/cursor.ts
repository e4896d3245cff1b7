import type { Finding, Sink } from '../diag/sink.ts';
import { Token } from './kinds.ts';
import type { Tokens } from './tree.ts';

/** Walks over tokens; the questions about them that the parser asks. */
export class Cursor {
  readonly text: string;
  readonly sink: Sink;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  /** Token under the cursor. */
  at = 0;

  constructor(text: string, tokens: Tokens, sink: Sink) {
    this.text = text;
    this.sink = sink;
    this.kinds = tokens.kinds;
    this.starts = tokens.starts;
  }

  get kind(): number {
    return this.kinds[this.at] ?? Token.end;
  }

  kindOf(token: number): number {
    return this.kinds[token] ?? Token.end;
  }

  startOf(token: number): number {
    return this.starts[token] ?? this.text.length;
  }

  endOf(token: number): number {
    return this.starts[token + 1] ?? this.text.length;
  }

  textOf(token: number): string {
    return this.text.slice(this.starts[token], this.starts[token + 1]);
  }

  /** Skips blanks and comments. */
  skipBlanks(): void {
    let kind = this.kinds[this.at];
    while (kind === Token.blank || kind === Token.comment) kind = this.kinds[++this.at];
  }

  /** Skips blanks, comments and line ends. */
  skipLines(): void {
    let kind = this.kinds[this.at];
    while (kind === Token.blank || kind === Token.comment || kind === Token.newline) {
      kind = this.kinds[++this.at];
    }
  }

  /** Skips the rest of the line; on a line that also opened its block, only to the block's `}`. */
  skipRestOfLine(openedAt: number): void {
    const isOneLine = openedAt >= 0 && this.isSameLine(openedAt, this.at);
    for (;;) {
      const kind = this.kind;
      if (kind === Token.newline || kind === Token.end) return;
      if (kind === Token.closeBrace && isOneLine) return;
      this.at++;
    }
  }

  /** Is there no line end between the two tokens? Looks back from the later one, so a long line costs once. */
  isSameLine(earlier: number, later: number): boolean {
    for (let token = later - 1; token > earlier; token--) {
      if (this.kindOf(token) === Token.newline) return false;
    }
    return true;
  }

  /** First token from `token` that is neither blank, comment nor line end. */
  significantFrom(token: number): number {
    let next = token;
    let kind = this.kindOf(next);
    while (kind === Token.blank || kind === Token.comment || kind === Token.newline) {
      kind = this.kindOf(++next);
    }
    return next;
  }

  /** Last token before `token` that is neither blank, comment nor line end; -1 if there is none. */
  significantBefore(token: number): number {
    let previous = token - 1;
    let kind = this.kindOf(previous);
    while (previous >= 0 && (kind === Token.blank || kind === Token.comment || kind === Token.newline)) {
      kind = this.kindOf(--previous);
    }
    return previous;
  }

  /** End of the last significant token before the cursor. */
  endBefore(): number {
    return this.endOf(this.significantBefore(this.at));
  }

  /** Column (from 0) of a token that is the first of its line, else -1. */
  columnOf(token: number): number {
    let first = token - 1;
    while (first >= 0 && this.kindOf(first) === Token.blank) first--;
    if (first >= 0 && this.kindOf(first) !== Token.newline) return -1;
    return this.startOf(token) - this.startOf(first + 1);
  }

  /** Does an attribute (`=`) or a block (`{`) start here? The token that says so, else -1. */
  headAt(token: number): number {
    if (this.kindOf(token) !== Token.name) return -1;
    let next = this.#afterBlanks(token);
    if (this.kindOf(next) === Token.equals) return next;
    for (let labels = 0; labels < 8 && this.#isLabel(next); labels++) {
      if (this.#isOpenLabel(next)) return next;
      next = this.#afterBlanks(next);
      if (this.kindOf(next) === Token.equals) next = this.#afterBlanks(next);
    }
    return this.kindOf(next) === Token.openBrace ? next : -1;
  }

  #afterBlanks(token: number): number {
    let next = token + 1;
    while (this.kindOf(next) === Token.blank) next++;
    return next;
  }

  #isLabel(token: number): boolean {
    const kind = this.kindOf(token);
    return kind === Token.string || kind === Token.name;
  }

  /** A label that is not closed has taken the `{` of its header with it. */
  #isOpenLabel(token: number): boolean {
    const isString = this.kindOf(token) === Token.string && this.kindOf(token + 1) === Token.newline;
    return isString && this.text.charAt(this.endOf(token) - 1) === '{';
  }

  /** Moves behind the bracket that closes the one under the cursor, or to the end. */
  skipBalanced(): void {
    let open = 0;
    for (; this.kind !== Token.end; this.at++) {
      const kind = this.kind;
      if (kind === Token.openBrace || kind === Token.openList) open++;
      else if ((kind === Token.closeBrace || kind === Token.closeList) && --open <= 0) {
        this.at++;
        return;
      }
    }
  }

  /** Blanks at the start of the line that the token stands on. */
  indentOf(token: number): number {
    const lines = this.sink.lines;
    const start = lines.startOf(lines.lineOf(this.startOf(token)));
    let end = start;
    while (this.text.charCodeAt(end) === 32 || this.text.charCodeAt(end) === 9) end++;
    return end - start;
  }

  /** Reports something about one token. */
  report(token: number, what: Pick<Finding, 'code' | 'message' | 'fixes'>): void {
    this.sink.add({ ...what, start: this.startOf(token), end: this.endOf(token) });
  }
}
