/** A place in a file: line and column from 1, the column in code points; byte offset in UTF-8 from 0. */
export interface Position {
  readonly line: number;
  readonly col: number;
  readonly byte: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** Finds the lines of one text; made only when something has to be reported. */
export class LineIndex {
  readonly #text: string;
  readonly #starts: number[];
  /** UTF-8 offset of each line's start; absent while the text is ASCII. */
  readonly #bytes: number[] | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#starts = [0];
    for (let at = nextLine(text, 0); at >= 0; at = nextLine(text, at)) this.#starts.push(at);
    this.#bytes = hasWideCharacter(text) ? this.#countBytes() : undefined;
  }

  /** Number of the line that holds `offset`, from 0. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Offset of the first character of a line (from 0). */
  startOf(line: number): number {
    return this.#starts[line] ?? this.#text.length;
  }

  positionOf(offset: number): Position {
    const line = this.lineOf(offset);
    const start = this.#starts[line] ?? 0;
    if (this.#bytes === undefined) return { line: line + 1, col: offset - start + 1, byte: offset };
    const before = this.#text.slice(start, offset);
    return {
      line: line + 1,
      col: countCodePoints(before) + 1,
      byte: (this.#bytes[line] ?? 0) + countUtf8(before),
    };
  }

  rangeOf(span: { readonly start: number; readonly end: number }): Range {
    return { start: this.positionOf(span.start), end: this.positionOf(span.end) };
  }

  #countBytes(): number[] {
    const bytes = [0];
    let total = 0;
    for (let line = 1; line < this.#starts.length; line++) {
      total += countUtf8(this.#text.slice(this.#starts[line - 1], this.#starts[line]));
      bytes.push(total);
    }
    return bytes;
  }
}

function nextLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? -1 : at + 1;
}

function hasWideCharacter(text: string): boolean {
  return /[\u0080-\uffff]/.test(text);
}

function countCodePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) {
    if (isHighSurrogate(text.charCodeAt(at)) && isLowSurrogate(text.charCodeAt(at + 1))) count--;
  }
  return count;
}

/** Length in UTF-8; a lone surrogate counts as the replacement character's 3 bytes. */
export function countUtf8(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    if (code < 0x800) bytes += 1;
    else if (isHighSurrogate(code) && isLowSurrogate(text.charCodeAt(at + 1))) {
      bytes += 2;
      at++;
    } else bytes += 2;
  }
  return bytes;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
