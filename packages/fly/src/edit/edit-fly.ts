import { type ParsedFile, parseFly } from '../parse-fly.ts';
import { applyEdits } from '../syntax/edit.ts';
import { Node, Token } from '../syntax/kinds.ts';
import type { BlockNode, ItemNode } from '../syntax/tree.ts';

/** A block on the way to what is edited. */
export interface BlockStep {
  readonly kind: string;
  readonly labels?: readonly string[];
}

export type Edited =
  | { readonly kind: 'ok'; readonly text: string }
  /** The text has mistakes of structure: nobody can know where something belongs. */
  | { readonly kind: 'broken' };

export interface AttributeEdit {
  /** Blocks from the top level to the one that holds it; those that are absent are made. */
  readonly in: readonly BlockStep[];
  readonly name: string;
  /** As Fly writes it: `printFlyValue`. */
  readonly value: string;
}

export interface BlockEdit {
  readonly in: readonly BlockStep[];
  /** A whole block, as `printBlock` or `gosling fmt` writes it. */
  readonly block: string;
}

const step = '  ';

/** Sets one attribute; every other character of the text stays as it is, comments and line ends included. */
export function setAttribute(text: string, edit: AttributeEdit): Edited {
  return withFile(text, (file) => {
    const found = file.find(edit.in);
    const attribute = found.items.find((item) => item.kind === Node.attribute && item.name === edit.name);
    if (found.missing.length === 0 && attribute?.kind === Node.attribute) {
      const { start, end } = file.span(attribute.value);
      return { start, end, text: hang(edit.value, file.indentAt(start)) };
    }
    const line = `${edit.name} = ${edit.value}`;
    if (found.missing.length === 0) return file.attributeEdit(found.block, line);
    return file.blockEdit(found.block, wrap(found.missing, line));
  });
}

/** Adds a block at the end of another one, or of the file; every other character stays as it is. */
export function addBlock(text: string, edit: BlockEdit): Edited {
  return withFile(text, (file) => {
    const found = file.find(edit.in);
    const block = edit.block.replaceAll('\r\n', '\n').trimEnd();
    return file.blockEdit(found.block, found.missing.length === 0 ? block : wrap(found.missing, block));
  });
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function withFile(text: string, make: (file: EditableFile) => Edit): Edited {
  const parsed = parseFly(text);
  if (parsed.sink.total > 0) return { kind: 'broken' };
  const edit = make(new EditableFile(parsed));
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  return { kind: 'ok', text: applyEdits(text, [{ ...edit, text: edit.text.replaceAll('\n', lineEnd) }]) };
}

/** The text inside these blocks. */
function wrap(steps: readonly BlockStep[], inner: string): string {
  return steps.reduceRight((body, { kind, labels = [] }) => {
    const header = [kind, ...labels.map((label) => `"${label}"`)].join(' ');
    return `${header} {\n${step}${hang(body, step)}\n}`;
  }, inner);
}

/** Every line but the first moves in; an empty one stays empty. */
function hang(text: string, indent: string): string {
  return text.replaceAll(/\n(?=[^\n])/g, `\n${indent}`);
}

interface Found {
  /** The innermost block that is there; absent: the file. */
  readonly block: BlockNode | undefined;
  readonly items: readonly ItemNode[];
  readonly missing: readonly BlockStep[];
}

class EditableFile {
  readonly #parsed: ParsedFile;

  constructor(parsed: ParsedFile) {
    this.#parsed = parsed;
  }

  find(steps: readonly BlockStep[]): Found {
    let block: BlockNode | undefined;
    for (const [index, wanted] of steps.entries()) {
      const items = block?.items ?? this.#parsed.tree.items;
      const next = items.find((item) => item.kind === Node.block && this.#is(item, wanted));
      if (next?.kind !== Node.block) return { block, items, missing: steps.slice(index) };
      block = next;
    }
    return { block, items: block?.items ?? this.#parsed.tree.items, missing: [] };
  }

  span({ at, end }: { readonly at: number; readonly end: number }): { start: number; end: number } {
    const { starts } = this.#parsed.tokens;
    return { start: starts[at] ?? 0, end: starts[end] ?? this.#parsed.text.length };
  }

  /** The blanks at the start of the line of this offset. */
  indentAt(offset: number): string {
    const { text } = this.#parsed;
    const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
    return /^[ \t]*/.exec(line)?.[0] ?? '';
  }

  /** A line below the attributes that open the body. */
  attributeEdit(block: BlockNode | undefined, line: string): Edit {
    if (block !== undefined && this.#isOnOneLine(block)) return this.#opened(block, line);
    const items = block?.items ?? this.#parsed.tree.items;
    const firstOther = items.findIndex((item) => item.kind !== Node.attribute);
    const last = items.slice(0, firstOther < 0 ? items.length : firstOther).at(-1);
    const indent = last ? this.indentAt(this.span(last).start) : this.#innerIndent(block);
    if (last === undefined && block === undefined)
      return { start: this.#head(), end: this.#head(), text: `${line}\n\n` };
    const at = this.#lineEndFrom(last?.end ?? (block?.open ?? 0) + 1);
    return { start: at, end: at, text: `\n${indent}${hang(line, indent)}` };
  }

  /** The last thing of the body, an empty line above it. */
  blockEdit(block: BlockNode | undefined, text: string): Edit {
    if (block === undefined) {
      const at = this.#parsed.text.trimEnd().length;
      const isFirst = at <= this.#head();
      return { start: at, end: this.#parsed.text.length, text: `${isFirst ? '' : '\n\n'}${text}\n` };
    }
    if (this.#isOnOneLine(block)) return this.#opened(block, text);
    const indent = this.#innerIndent(block);
    const close = this.#parsed.tokens.starts[block.close] ?? 0;
    const at = close - this.indentAt(close).length;
    const above = block.items.length === 0 ? '' : '\n';
    return { start: at, end: at, text: `${above}${indent}${hang(text, indent)}\n` };
  }

  /** `b { a = 1 }` on lines of its own, with one thing more. */
  #opened(block: BlockNode, added: string): Edit {
    const { tokens, text } = this.#parsed;
    const start = (tokens.starts[block.open] ?? 0) + 1;
    const end = tokens.starts[block.close] ?? start;
    const indent = this.#innerIndent(block);
    const kept = text.slice(start, end).trim();
    const lines = [...(kept === '' ? [] : [kept]), hang(added, indent)];
    const body = lines.map((line) => `\n${indent}${line}`).join('');
    return { start, end, text: `${body}\n${this.indentAt(this.span(block).start)}` };
  }

  #is(block: BlockNode, { kind, labels = [] }: BlockStep): boolean {
    const { starts } = this.#parsed.tokens;
    const own = block.labels.map((token) => this.#parsed.text.slice(starts[token], starts[token + 1]));
    return block.name === kind && own.join(' ') === labels.map((label) => `"${label}"`).join(' ');
  }

  #innerIndent(block: BlockNode | undefined): string {
    if (block === undefined) return '';
    const first = block.items[0];
    const own = this.indentAt(this.span(block).start);
    return first === undefined || this.#isOnOneLine(block)
      ? own + step
      : this.indentAt(this.span(first).start);
  }

  #isOnOneLine({ open, close }: BlockNode): boolean {
    const { starts } = this.#parsed.tokens;
    return !this.#parsed.text.slice(starts[open], starts[close]).includes('\n');
  }

  /** Where the line ends that this token begins or goes on, a comment at its end included. */
  #lineEndFrom(token: number): number {
    const { kinds, starts, count } = this.#parsed.tokens;
    let at = token;
    while (at < count - 1 && kinds[at] !== Token.newline) at++;
    return starts[at] ?? this.#parsed.text.length;
  }

  /** Behind a byte order mark. */
  #head(): number {
    return this.#parsed.text.startsWith('\ufeff') ? 1 : 0;
  }
}
