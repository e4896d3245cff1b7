// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { limits } from '../check/limits.ts';
import type { Cursor } from './cursor.ts';
import { Node, Token } from './kinds.ts';
import type { Witness } from './recover.ts';
import type { AttributeNode, ItemNode, LeafNode, ListNode, MapNode, ValueNode } from './tree.ts';

/** Shared with the parser of items: one counter of depth for blocks, lists and maps together. */
export interface ValueContext {
  readonly depth: { now: number; isLost: boolean };
  readonly witness: Witness;
  parseBlock(at: number): ItemNode;
}

/** Reads the values of attributes. */
export class ValueParser {
  readonly #cursor: Cursor;
  readonly #context: ValueContext;

  constructor(cursor: Cursor, context: ValueContext) {
    this.#cursor = cursor;
    this.#context = context;
  }

  /** The value at the cursor; `after` is the token that announced it (`=`, or the name where `=` is absent). */
  parse(after: number): ValueNode {
    const cursor = this.#cursor;
    switch (cursor.kind) {
      case Token.string:
        return this.#leaf(Node.string);
      case Token.number:
        return this.#leaf(Node.number);
      case Token.heredoc:
        return this.#leaf(Node.heredoc);
      case Token.name:
        return this.#name();
      case Token.openList:
      case Token.openBrace:
        return this.#bracketed();
      default:
        return this.#absent(after);
    }
  }

  #leaf(kind: LeafNode['kind']): LeafNode {
    const at = this.#cursor.at++;
    return { kind, at, end: at + 1 };
  }

  #name(): LeafNode {
    const cursor = this.#cursor;
    const at = cursor.at++;
    let kind: LeafNode['kind'] = Node.word;
    while (cursor.kind === Token.dot) {
      const next = cursor.kindOf(++cursor.at);
      if (next !== Token.name && next !== Token.number) {
        this.#cursor.report(cursor.at - 1, { code: 'FLY072', message: 'expected a name after the dot' });
        return { kind: Node.badValue, at, end: cursor.at };
      }
      cursor.at++;
      kind = Node.reference;
    }
    if (cursor.kind === Token.symbol && cursor.text.charCodeAt(cursor.startOf(cursor.at)) === 40) {
      return this.#call(at);
    }
    return { kind, at, end: cursor.at };
  }

  #call(at: number): LeafNode {
    const cursor = this.#cursor;
    const span = { start: cursor.startOf(at), end: cursor.endOf(cursor.at - 1) };
    const message = `Fly has no functions: ${cursor.text.slice(span.start, span.end)}(…) is not computed`;
    cursor.sink.add({
      code: 'FLY024',
      ...span,
      message,
      notes: ['write the value itself, or a variable or local (${var.name}, ${local.name})'],
    });
    this.#skipParentheses();
    return { kind: Node.badValue, at, end: cursor.at };
  }

  #skipParentheses(): void {
    const cursor = this.#cursor;
    let open = 0;
    for (;;) {
      const kind = cursor.kind;
      if (kind === Token.newline || kind === Token.end) return;
      const code = kind === Token.symbol ? cursor.text.charCodeAt(cursor.startOf(cursor.at)) : 0;
      cursor.at++;
      if (code === 40) open++;
      else if (code === 41 && --open === 0) return;
    }
  }

  #absent(after: number): ValueNode {
    const cursor = this.#cursor;
    const at = cursor.at;
    const next = cursor.significantFrom(at);
    const isBelow =
      cursor.kind === Token.newline &&
      cursor.kindOf(next) !== Token.name &&
      isValueStart(cursor.kindOf(next));
    const start = cursor.startOf(after);
    const isQuiet = cursor.sink.hasTroubleAt(start) || cursor.sink.hasTroubleAt(cursor.startOf(at));
    if (!isQuiet) this.#reportAbsent(after, isBelow);
    if (isBelow) {
      cursor.at = next;
      return this.parse(after);
    }
    const kind = cursor.kind;
    const isStop = kind === Token.newline || kind === Token.end;
    if (!isStop && kind !== Token.closeBrace && kind !== Token.closeList) cursor.at++;
    return { kind: Node.badValue, at, end: cursor.at };
  }

  #reportAbsent(after: number, isBelow: boolean): void {
    const cursor = this.#cursor;
    const isEnd = cursor.kind === Token.newline || cursor.kind === Token.end;
    const at = isEnd || cursor.kind === Token.closeBrace ? after : cursor.at;
    const message = isBelow ? 'the value stands on the line of its name' : 'expected a value';
    this.#cursor.report(at, { code: 'FLY025', message: message });
  }

  #bracketed(): ValueNode {
    const cursor = this.#cursor;
    const depth = this.#context.depth;
    const at = cursor.at;
    if (++depth.now > limits.depth) {
      if (!depth.isLost)
        this.#cursor.report(at, { code: 'FLY090', message: `nothing is nested deeper than ${limits.depth}` });
      depth.isLost = true;
      cursor.skipBalanced();
      depth.now--;
      return { kind: Node.badValue, at, end: cursor.at };
    }
    const node = cursor.kind === Token.openList ? this.#list() : this.#map();
    depth.now--;
    if (depth.now === 0) depth.isLost = false;
    if (node.items.length > limits.items)
      this.#cursor.report(at, { code: 'FLY093', message: `at most ${limits.items} items` });
    return node;
  }

  #list(): ListNode {
    const cursor = this.#cursor;
    const at = cursor.at++;
    const items: ValueNode[] = [];
    for (;;) {
      cursor.skipLines();
      const kind = cursor.kind;
      if (kind === Token.closeList) {
        cursor.at++;
        break;
      }
      if (kind === Token.end || kind === Token.closeBrace || this.#isHeadOfLine()) {
        this.#neverClosed(at, ']');
        break;
      }
      if (kind === Token.comma) {
        this.#cursor.report(cursor.at, { code: 'FLY027', message: 'a comma without an item before it' });
        cursor.at++;
        continue;
      }
      const before = cursor.at;
      items.push(this.parse(before));
      if (cursor.at === before) cursor.at++;
      this.#separator();
    }
    return { kind: Node.list, at, end: cursor.at, items };
  }

  /** Does the cursor stand on an attribute or block header that starts its line? Then a list is unclosed. */
  #isHeadOfLine(): boolean {
    const cursor = this.#cursor;
    return cursor.columnOf(cursor.at) >= 0 && cursor.headAt(cursor.at) >= 0;
  }

  /** After an item of a list: a comma, or the end. */
  #separator(): void {
    const cursor = this.#cursor;
    const next = cursor.significantFrom(cursor.at);
    if (cursor.kindOf(next) === Token.comma) {
      cursor.at = next + 1;
      return;
    }
    const isSeparated = !isValueStart(cursor.kindOf(next));
    cursor.at = next;
    if (isSeparated || this.#isHeadOfLine() || cursor.sink.hasTroubleAt(cursor.startOf(next))) return;
    const end = cursor.endBefore();
    this.#cursor.report(next, {
      code: 'FLY027',
      message: 'no comma between this item and the one before',
      fixes: [{ title: 'insert ,', safety: 'safe', edits: [{ start: end, end, text: ',' }] }],
    });
  }

  #map(): MapNode {
    const cursor = this.#cursor;
    const at = cursor.at++;
    const column = this.#context.witness.balance > 0 ? cursor.indentOf(at) : 0;
    const items: ItemNode[] = [];
    for (;;) {
      cursor.skipLines();
      const kind = cursor.kind;
      if (kind === Token.closeBrace && !this.#isOutside(column)) {
        cursor.at++;
        break;
      }
      if (kind === Token.end || kind === Token.closeList || this.#isOutside(column)) {
        this.#neverClosed(at, '}');
        break;
      }
      const before = cursor.at;
      items.push(this.#entry());
      if (cursor.at === before) cursor.at++;
      cursor.skipBlanks();
      if (cursor.kind === Token.comma) cursor.at++;
      else this.#entryEnd();
    }
    return { kind: Node.map, at, end: cursor.at, items };
  }

  /** By the witness: does this line stand outside the map whose `}` is missing? */
  #isOutside(column: number): boolean {
    const cursor = this.#cursor;
    if (this.#context.witness.balance <= 0) return false;
    const here = cursor.columnOf(cursor.at);
    if (here < 0) return false;
    if (cursor.kind === Token.closeBrace) return here < column;
    return here <= column && cursor.headAt(cursor.at) >= 0;
  }

  #entry(): ItemNode {
    const cursor = this.#cursor;
    const at = cursor.at;
    const isKey = cursor.kind === Token.name || cursor.kind === Token.string;
    if (isKey) cursor.at++;
    cursor.skipBlanks();
    const kind = cursor.kind;
    if (isKey && (kind === Token.equals || kind === Token.colon)) return this.#keyed(at);
    if (isKey && cursor.headAt(at) >= 0) return this.#context.parseBlock(at);
    if (!cursor.sink.hasTroubleAt(cursor.startOf(at)))
      this.#cursor.report(at, { code: 'FLY023', message: 'expected key = value' });
    return { kind: Node.badItem, at, end: cursor.at };
  }

  #keyed(at: number): AttributeNode {
    const cursor = this.#cursor;
    const equals = cursor.at++;
    if (cursor.kindOf(equals) === Token.colon) {
      const start = cursor.startOf(equals);
      const text = cursor.kindOf(equals - 1) === Token.blank ? '=' : ' =';
      this.#cursor.report(equals, {
        code: 'FLY023',
        message: 'an entry is set with =',
        fixes: [{ title: 'write =', safety: 'safe', edits: [{ start, end: start + 1, text }] }],
      });
    }
    cursor.skipBlanks();
    const value = this.parse(equals);
    const name = cursor.kindOf(at) === Token.string ? cursor.textOf(at).slice(1, -1) : cursor.textOf(at);
    return { kind: Node.attribute, name, at, equals, value, end: cursor.at };
  }

  /** Entries of a map are separated by a comma or a line end. */
  #entryEnd(): void {
    const cursor = this.#cursor;
    const kind = cursor.kind;
    if (kind === Token.newline || kind === Token.closeBrace || kind === Token.end) return;
    if (cursor.sink.hasTroubleAt(cursor.startOf(cursor.at))) {
      if (kind !== Token.name && kind !== Token.string) cursor.at++;
      return;
    }
    const end = cursor.endBefore();
    this.#cursor.report(cursor.at, {
      code: 'FLY027',
      message: 'no comma between this entry and the one before',
      fixes: [{ title: 'insert ,', safety: 'safe', edits: [{ start: end, end, text: ',' }] }],
    });
  }

  #neverClosed(at: number, closer: string): void {
    const cursor = this.#cursor;
    const last = cursor.significantBefore(cursor.at);
    const isMap = closer === '}';
    if (isMap && this.#context.witness.balance > 0) this.#context.witness.balance--;
    const sink = cursor.sink;
    const isQuiet = sink.hasTroubleAt(cursor.startOf(at)) || sink.hasTroubleAt(cursor.startOf(last));
    if (!isQuiet && !this.#context.depth.isLost) {
      const end = cursor.endOf(last);
      this.#cursor.report(at, {
        code: isMap ? 'FLY020' : 'FLY026',
        message: `this ${isMap ? '{' : '['} is never closed`,
        fixes: [
          { title: `insert ${closer}`, safety: 'suggested', edits: [{ start: end, end, text: closer }] },
        ],
      });
    }
    cursor.at = last + 1;
  }
}

function isValueStart(kind: number): boolean {
  return (kind >= Token.name && kind <= Token.openBrace) || kind === Token.openList;
}
