import { limits } from '../check/limits.ts';
import type { Sink } from '../diag/sink.ts';
import { isNamePart } from './chars.ts';

const headForm = /<<(-?)('?)([A-Za-z_][A-Za-z0-9_]{0,127})('?)(~?)(?=[ \t]*(?:\r?\n|$))/y;
const anyHead = /<<-?'?([A-Za-z_][A-Za-z0-9_]{0,127})'?~?[ \t]*\r?$/gm;

/** A line that holds nothing but a tag. */
const otherTag = /\r?\n[ \t]*([A-Z][A-Z0-9_]{0,127})(?=[ \t]*(?:\r?\n|$))/y;

interface Head {
  readonly start: number;
  readonly end: number;
  readonly tag: string;
  /** Indentation of the line that opens the heredoc. */
  readonly indent: number;
  /** Offset of the first body line. */
  readonly body: number;
}

interface Closer {
  /** Start of its line. */
  readonly line: number;
  readonly indent: number;
}

/**
 * Finds where heredocs end. A body line that is indented less than the closing tag shows at once that a tag
 * is forgotten, even when a later heredoc with the same tag would swallow everything between.
 */
export class HeredocScanner {
  readonly #text: string;
  readonly #sink: Sink;
  /** Lines that hold only a tag, by tag; made at the first heredoc, so that any number of them costs one pass. */
  #closers: Map<string, Closer[]> | undefined;
  /** Where heredocs open, by tag; made when a body looks as if its tag were forgotten. */
  #heads: Map<string, number[]> | undefined;
  /** The first line before a closer that is indented too little, by closer: found once. */
  readonly #shallow = new Map<Closer, number>();

  constructor(text: string, sink: Sink) {
    this.#text = text;
    this.#sink = sink;
  }

  /** End of the heredoc that starts at `start`; `undefined` when `<<` opens none (reported). */
  scan(start: number, lineStart: number): number | undefined {
    headForm.lastIndex = start;
    const match = headForm.exec(this.#text);
    if (match === null || match[2] !== match[4]) {
      this.#reportHead(start, start + 2, 'a heredoc starts with <<-TAG at the end of its line');
      return undefined;
    }
    const end = start + match[0].length;
    const tag = match[3] ?? '';
    if (match[1] === '') this.#reportDash(start, end);
    else if (tag !== tag.toUpperCase())
      this.#reportHead(start, end, `a heredoc tag is upper case: ${tag.toUpperCase()}`);
    const newline = this.#text.indexOf('\n', end);
    const indent = indentAt(this.#text, lineStart);
    const head = { start, end, tag, indent, body: newline < 0 ? this.#text.length : newline + 1 };
    return this.#findEnd(head);
  }

  #findEnd(head: Head): number {
    const closer = this.#closerAfter(head.tag, head.body);
    if (closer === undefined) return this.#unclosed(head);
    const shallow = this.#shallowLine(head.body, closer);
    if (shallow !== undefined) {
      if (this.#reopens(head, closer.line)) return this.#unclosed(head);
      this.#reportShallow(shallow, closer);
    }
    const end = closer.line + closer.indent + head.tag.length;
    if (end - head.start > limits.heredoc) {
      const message = `a heredoc may have ${limits.heredoc} characters`;
      this.#sink.add({ code: 'FLY092', start: head.start, end: head.end, message });
    }
    return end;
  }

  #closerAfter(tag: string, from: number): Closer | undefined {
    this.#closers ??= indexClosers(this.#text);
    const closers = this.#closers.get(tag) ?? [];
    return closers[lowerBound(closers, from, (closer) => closer.line)];
  }

  #shallowLine(from: number, closer: Closer): number | undefined {
    const known = this.#shallow.get(closer);
    if (known !== undefined && known >= from) return known;
    for (let line = from; line < closer.line; line = this.#text.indexOf('\n', line) + 1) {
      const indent = indentAt(this.#text, line);
      if (indent < closer.indent && !isBlankAt(this.#text, line + indent)) {
        this.#shallow.set(closer, line);
        return line;
      }
    }
    return undefined;
  }

  /** Does another heredoc with this tag start before `until`? */
  #reopens(head: Head, until: number): boolean {
    this.#heads ??= indexHeads(this.#text);
    const heads = this.#heads.get(head.tag) ?? [];
    const next = heads[lowerBound(heads, head.body, (at) => at)];
    return next !== undefined && next < until;
  }

  /** No closing tag: the body ends where the indentation returns to that of the opening line. */
  #unclosed(head: Head): number {
    const guess = this.#guessEnd(head);
    const other = this.#otherTag(guess);
    const end = other?.end ?? guess;
    const text = other === undefined ? `\n${' '.repeat(head.indent)}${head.tag}` : head.tag;
    const title = other === undefined ? `insert ${head.tag}` : `write ${head.tag} at its end`;
    this.#sink.add({
      code: 'FLY010',
      start: head.start,
      end: head.end,
      message: `this heredoc has no closing ${head.tag}`,
      fixes: [{ title, safety: 'suggested', edits: [{ start: other?.start ?? end, end, text }] }],
    });
    return end;
  }

  /** The tag that was written in place of the right one, on the line after a body. */
  #otherTag(bodyEnd: number): { readonly start: number; readonly end: number } | undefined {
    otherTag.lastIndex = bodyEnd;
    const match = otherTag.exec(this.#text);
    if (match === null) return undefined;
    const end = bodyEnd + match[0].length;
    return { start: end - (match[1] ?? '').length, end };
  }

  #guessEnd(head: Head): number {
    const text = this.#text;
    const isDeeper = indentAt(text, head.body) > head.indent;
    for (let line = head.body; line < text.length; ) {
      const at = line + indentAt(text, line);
      const returns = at - line <= head.indent && !isBlankAt(text, at);
      if (returns && (isDeeper || text.charCodeAt(at) === 125)) return endBefore(text, line);
      const newline = text.indexOf('\n', at);
      if (newline < 0) break;
      line = newline + 1;
    }
    return endBefore(text, text.length + 1);
  }

  #reportHead(start: number, end: number, message: string): void {
    this.#sink.add({ code: 'FLY012', start, end, message });
  }

  #reportDash(start: number, end: number): void {
    const edit = { start: start + 2, end: start + 2, text: '-' };
    this.#sink.add({
      code: 'FLY012',
      start,
      end,
      message: 'a heredoc starts with <<-TAG',
      fixes: [{ title: 'write <<-', safety: 'safe', edits: [edit] }],
    });
  }

  #reportShallow(line: number, closer: Closer): void {
    const indent = indentAt(this.#text, line);
    const missing = ' '.repeat(closer.indent - indent);
    this.#sink.add({
      code: 'FLY011',
      start: line + indent,
      end: line + indent + 1,
      message: 'this line is indented less than the closing tag of its heredoc',
      fixes: [
        { title: 'indent it', safety: 'suggested', edits: [{ start: line, end: line, text: missing }] },
      ],
    });
  }
}

/** Blanks at the start of the line at `line`. */
function indentAt(text: string, line: number): number {
  let at = line;
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  return at - line;
}

function isBlankAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return Number.isNaN(code) || code === 10 || code === 13;
}

/** End of the line before `line`, without its line end. */
function endBefore(text: string, line: number): number {
  const at = line - 1;
  return text.charCodeAt(at - 1) === 13 && text.charCodeAt(at) === 10 ? at - 1 : at;
}

function indexClosers(text: string): Map<string, Closer[]> {
  const closers = new Map<string, Closer[]>();
  for (let line = 0; line < text.length; ) {
    const indent = indentAt(text, line);
    const start = line + indent;
    let end = start;
    while (isNamePart[text.charCodeAt(end)] === 1) end++;
    if (end > start && isBlankAt(text, end + indentAt(text, end))) {
      remember(closers, text.slice(start, end), { line, indent });
    }
    const newline = text.indexOf('\n', end);
    line = newline < 0 ? text.length : newline + 1;
  }
  return closers;
}

function indexHeads(text: string): Map<string, number[]> {
  const heads = new Map<string, number[]>();
  for (const match of text.matchAll(anyHead)) remember(heads, match[1] ?? '', match.index);
  return heads;
}

function remember<Value>(index: Map<string, Value[]>, key: string, value: Value): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, [value]);
  else known.push(value);
}

/** Index of the first item whose offset is not below `from`. */
function lowerBound<Item>(items: readonly Item[], from: number, offsetOf: (item: Item) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && offsetOf(item) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
