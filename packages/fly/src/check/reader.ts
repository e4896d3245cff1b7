// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import type { FlyCode } from '../diag/codes.ts';
import type { Sink } from '../diag/sink.ts';
import type { ParsedFile } from '../parse-fly.ts';
import type { References } from '../resolve/references.ts';
import type { Plain } from '../schema/types.ts';
import { endsInQuote } from '../syntax/chars.ts';
import { Node } from '../syntax/kinds.ts';
import { cutTemplate, decodeEscapes, readHeredoc, roots, type TemplatePart } from '../syntax/template.ts';
import type { ItemNode, Span, ValueNode } from '../syntax/tree.ts';
import { limits } from './limits.ts';
import { near, replacing } from './near.ts';

/** A number that is one: `-?(0|[1-9]…)` with `_` between digits and an optional fraction. */
const numberForm = /^-?(0|[1-9](_?[0-9])*)(\.[0-9]+)?$/;
const constants: ReadonlyMap<string, Plain> = new Map<string, Plain>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Findings inside a string, after which its text is not that of its writer. */
const damaging: readonly FlyCode[] = ['FLY002', 'FLY004', 'FLY005', 'FLY006', 'FLY008'];

/** Roots that stand for the label of the block around them, and what that is called. */
const ownBlocks: Readonly<Record<string, string>> = { egg: 'egg', bucket: 'eggsbucket', job: 'job' };

/** Reads values of one file: literals, and references through the scope. `undefined` means: no value, reported. */
export class Reader {
  readonly text: string;
  readonly sink: Sink;
  readonly scope: References;
  /** Labels that `egg.name` and the like stand for inside the block being read. */
  self: { readonly root: string; readonly label: string } | undefined;
  /** Dotted names that were asked of the scope: without any, the file reads the same in every scope. */
  readonly asked = new Set<string>();
  /** Circles are reported where they are made. */
  isInLocals = false;
  readonly #kinds: Uint8Array;
  readonly #starts: Int32Array;
  /** Lines with a string that is not what was meant. */
  readonly #damaged: ReadonlySet<number>;

  constructor(parsed: ParsedFile, sink: Sink, scope: References) {
    this.text = parsed.text;
    this.#kinds = parsed.tokens.kinds;
    this.#starts = parsed.tokens.starts;
    this.sink = sink;
    this.scope = scope;
    const damages = parsed.sink.findings.filter(({ code }) => damaging.includes(code));
    this.#damaged = new Set(damages.map(({ start }) => sink.lines.lineOf(start)));
  }

  /** Is what stands on this line something else than was meant? What is wrong with its value stays unsaid. */
  isDamagedAt(offset: number): boolean {
    return this.#damaged.size > 0 && this.#damaged.has(this.sink.lines.lineOf(offset));
  }

  kindOf(token: number): number {
    return this.#kinds[token] ?? 0;
  }

  spanOf(node: { readonly at: number; readonly end: number }): Span {
    return { start: this.#starts[node.at] ?? 0, end: this.#starts[node.end] ?? this.text.length };
  }

  tokenSpan(token: number): Span {
    return this.spanOf({ at: token, end: token + 1 });
  }

  textOf(node: { readonly at: number; readonly end: number }): string {
    return this.text.slice(this.#starts[node.at], this.#starts[node.end]);
  }

  tokenText(token: number): string {
    return this.text.slice(this.#starts[token], this.#starts[token + 1]);
  }

  read(node: ValueNode): Plain | undefined {
    switch (node.kind) {
      case Node.string:
        return this.#string(node.at);
      case Node.heredoc:
        return this.#heredoc(node.at);
      case Node.number:
        return this.number(node);
      case Node.word:
        return constants.get(this.tokenText(node.at));
      case Node.reference:
        return this.#reference(node);
      case Node.list:
        return node.items.map((item) => this.read(item) ?? null);
      case Node.map:
        return this.#map(node.items);
      default:
        return undefined;
    }
  }

  /** The number of a number token, `undefined` if it is not written as one. */
  number(node: ValueNode): number | undefined {
    const text = this.tokenText(node.at);
    return numberForm.test(text) ? Number(text.replaceAll('_', '')) : undefined;
  }

  /** The key of a map's entry. */
  keyOf(item: { readonly name: string }): string {
    return decodeEscapes(item.name);
  }

  #string(token: number): string | undefined {
    const start = (this.#starts[token] ?? 0) + 1;
    let end = this.#starts[token + 1] ?? this.text.length;
    const last = this.text.charCodeAt(end - 1);
    const isClosed = last === 34 || endsInQuote(this.text.charAt(end - 1));
    if (end > start && isClosed) end--;
    const raw = this.text.slice(start, end);
    if (!raw.includes('${')) return decodeEscapes(raw);
    return this.#expand(cutTemplate(raw, false), { raw, offsetOf: (at) => start + at, decodeEscapes });
  }

  #heredoc(token: number): string | undefined {
    const source = this.tokenText(token);
    const { body, isRaw } = readHeredoc(source);
    if (isRaw || !body.includes('${')) return body;
    const start = this.#starts[token] ?? 0;
    const finder = new OffsetFinder(source, start);
    return this.#expand(cutTemplate(body, true), {
      raw: body,
      offsetOf: (at) => finder.find(body, at),
      decodeEscapes: (text) => text,
    });
  }

  #expand(parts: readonly TemplatePart[], source: TemplateSource): string | undefined {
    const out: string[] = [];
    let length = 0;
    let count = 0;
    for (const part of parts) {
      const piece = part.kind === 'text' ? source.decodeEscapes(part.text) : this.#piece(part, source);
      if (piece === undefined) return undefined;
      if (part.kind !== 'text') count++;
      length += piece.length;
      if (count > limits.interpolations || length > limits.expanded) {
        this.#tooFar(source.offsetOf(0));
        return undefined;
      }
      out.push(piece);
    }
    return out.join('');
  }

  #tooFar(start: number): void {
    const message = `a value has at most ${limits.interpolations} references and ${limits.expanded} characters`;
    this.sink.add({ code: 'FLY094', start, end: start + 1, message });
  }

  #piece(part: Exclude<TemplatePart, { kind: 'text' }>, source: TemplateSource): string | undefined {
    const start = source.offsetOf(part.at);
    const span = { start, end: start + part.length };
    if (part.kind === 'bad') {
      this.#reportBad(part, span);
      return undefined;
    }
    const value = this.resolve(part.path, span);
    if (value === undefined) return undefined;
    if (value === null || typeof value === 'object') {
      const message = `${part.path.join('.')} is a ${Array.isArray(value) ? 'list' : 'map'}; only text, numbers and booleans stand inside text`;
      this.sink.add({ code: 'FLY031', ...span, message });
      return undefined;
    }
    return String(value);
  }

  #reportBad(part: Extract<TemplatePart, { kind: 'bad' }>, span: Span): void {
    if (part.why === 'open') {
      const end = span.start + part.text.trimEnd().length;
      const fixes = [
        { title: 'insert }', safety: 'suggested' as const, edits: [{ start: end, end, text: '}' }] },
      ];
      this.sink.add({ code: 'FLY072', ...span, message: 'this ${ is never closed', fixes });
      return;
    }
    const message =
      part.why === 'no-name'
        ? `${part.text} is no reference: names with dots between them, such as var.env`
        : '${…} is a reference with a dot, such as ${var.env}; literal text is written $${…}';
    const literal = { start: span.start - 2, end: span.start - 2, text: '$' };
    const fixes = [{ title: 'write $${ for literal text', safety: 'suggested' as const, edits: [literal] }];
    this.sink.add({ code: 'FLY072', ...span, message, fixes });
  }

  #reference(node: ValueNode): Plain | undefined {
    const path = this.textOf(node)
      .split('.')
      .map((name) => name.trim());
    return this.resolve(path, this.spanOf(node));
  }

  /** The value of a dotted name; reports what does not exist. */
  resolve(path: readonly string[], span: Span): Plain | undefined {
    const [root = '', name = ''] = path;
    if (!roots.includes(root)) {
      this.#reportUnknown(root, { start: span.start, end: span.start + root.length }, roots);
      return undefined;
    }
    if (Object.hasOwn(ownBlocks, root) && path.length === 2 && name === 'name') {
      if (this.self?.root === root) return this.self.label;
      const message = `${root}.name stands for the label of the ${ownBlocks[root]} around it, and there is none here`;
      this.sink.add({ code: 'FLY070', ...span, message });
      return undefined;
    }
    this.asked.add(path.join('.'));
    const found = this.scope.lookup(path);
    if (found.kind === 'value') return found.value;
    if (found.kind === 'unknown') {
      const start = span.start + path.slice(0, found.at).join('.').length + 1;
      this.#reportUnknown(path[found.at] ?? name, { start, end: span.end }, found.known);
    } else if (found.kind === 'unset') {
      const message = `${path.join('.')} has no value: no environment of Envs/ is in force`;
      this.sink.add({ code: 'FLY076', ...span, message });
    } else if (found.kind === 'circle') {
      const message = `these locals use one another: ${found.path.join(' → ')}`;
      if (found.isFirst && this.isInLocals) this.sink.add({ code: 'FLY073', ...span, message });
    }
    return undefined;
  }

  #reportUnknown(name: string, span: Span, known: readonly string[]): void {
    const guess = near(this.sink, name, known);
    this.sink.add({
      code: 'FLY070',
      ...span,
      message: `there is no ${JSON.stringify(name)} to refer to${guess === undefined ? '' : `; did you mean ${guess}?`}`,
      ...(guess !== undefined && { fixes: [replacing(span, guess)] }),
    });
  }

  #map(items: readonly ItemNode[]): Plain {
    const map: Record<string, Plain> = Object.create(null);
    for (const item of items) {
      if (item.kind !== Node.attribute) continue;
      map[this.keyOf(item)] = this.read(item.value) ?? null;
    }
    return map;
  }
}

interface TemplateSource {
  readonly raw: string;
  offsetOf(at: number): number;
  decodeEscapes(text: string): string;
}

/** Finds the place in a heredoc's token of a place in its body, from which indentation was taken. */
class OffsetFinder {
  readonly #source: string;
  readonly #start: number;

  constructor(source: string, start: number) {
    this.#source = source;
    this.#start = start;
  }

  find(body: string, at: number): number {
    const { bodyAt, indent } = readHeredoc(this.#source);
    let line = bodyAt;
    let from = 0;
    for (let next = body.indexOf('\n'); next >= 0 && next < at; next = body.indexOf('\n', from)) {
      from = next + 1;
      line = this.#source.indexOf('\n', line) + 1;
    }
    return this.#start + line + Math.min(indent, this.#source.length - line) + (at - from);
  }
}
