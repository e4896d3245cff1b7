import { limits } from '../check/limits.ts';
import type { Sink } from '../diag/sink.ts';
import { toAsciiName } from './chars.ts';
import { Cursor } from './cursor.ts';
import {
  closesOtherwise,
  labelBehindEquals,
  lacksListStart,
  opensBlock,
  readEquals,
  reportRest,
} from './habits.ts';
import { Node, Token } from './kinds.ts';
import { type Body, closesTooEarly, endsUnclosed, lacksBrace, Witness } from './recover.ts';
import type { AttributeNode, BlockNode, FileNode, ItemNode, Tokens } from './tree.ts';
import { ValueParser } from './values.ts';

/** Recursive descent over the items of a file; findings go to the sink, the tree is always made. */
export class Parser {
  readonly #cursor: Cursor;
  readonly #sink: Sink;
  readonly #witness: Witness;
  readonly #values: ValueParser;
  readonly #depth = { now: 0, isLost: false };

  constructor(text: string, tokens: Tokens, options: { sink: Sink; isWitness: boolean }) {
    this.#cursor = new Cursor(text, tokens, options.sink);
    this.#sink = options.sink;
    this.#witness = new Witness(tokens, options.isWitness);
    this.#values = new ValueParser(this.#cursor, {
      depth: this.#depth,
      witness: this.#witness,
      parseBlock: (at) => this.#blockInMap(at),
    });
  }

  parse(): FileNode {
    const body: Body = { open: -1, column: -1, isBroken: false, isUnclosed: false };
    const items = this.#body(body);
    return { items, isBroken: body.isBroken };
  }

  #body(body: Body): ItemNode[] {
    const cursor = this.#cursor;
    const items: ItemNode[] = [];
    while (!this.#isOver(body)) {
      if (cursor.kind !== Token.name && !this.#isQuotedName()) items.push(this.#junk(body));
      else {
        if (body.open < 0) this.#witness.enter(cursor.at);
        items.push(this.#item(body));
      }
      if (items.length === limits.items + 1) this.#tooMany(body);
    }
    return items;
  }

  /** Moves to the next item; true when there is none, with the end of the body behind the cursor. */
  #isOver(body: Body): boolean {
    const cursor = this.#cursor;
    cursor.skipLines();
    while (cursor.kind === Token.closeBrace) {
      if (this.#close(body)) return true;
      cursor.skipLines();
    }
    if (body.open >= 0 && closesOtherwise(cursor, this.#witness, body)) return true;
    const isOver = cursor.kindOf(cursor.at) === Token.end || endsUnclosed(cursor, this.#witness, body);
    if (isOver && body.open >= 0) this.#neverClosed(body);
    return isOver;
  }

  /** At `}`: true when it ends this body. */
  #close(body: Body): boolean {
    const cursor = this.#cursor;
    if (body.open < 0) {
      this.#surplus('this } closes nothing');
      return false;
    }
    if (closesTooEarly(cursor, this.#witness, body)) {
      this.#witness.balance++;
      this.#surplus('this } is one too many: the block goes on below');
      return false;
    }
    const column = cursor.columnOf(cursor.at);
    if (this.#witness.balance > 0 && column >= 0 && column < body.column) {
      this.#neverClosed(body);
      return true;
    }
    cursor.at++;
    return true;
  }

  #surplus(message: string): void {
    const cursor = this.#cursor;
    const span = { start: cursor.startOf(cursor.at), end: cursor.endOf(cursor.at) };
    this.#sink.add({
      code: 'FLY021',
      ...span,
      message,
      fixes: [{ title: 'remove }', safety: 'suggested', edits: [{ ...span, text: '' }] }],
    });
    cursor.at++;
  }

  #neverClosed(body: Body): void {
    body.isBroken = true;
    body.isUnclosed = true;
    if (this.#witness.balance > 0) this.#witness.balance--;
    if (this.#depth.isLost) return;
    const cursor = this.#cursor;
    const end = cursor.endBefore();
    const text = `\n${' '.repeat(Math.max(0, body.column))}}`;
    this.#sink.add({
      code: 'FLY020',
      start: cursor.startOf(body.open),
      end: cursor.endOf(body.open),
      message: 'this { is never closed',
      fixes: [{ title: 'insert }', safety: 'suggested', edits: [{ start: end, end, text }] }],
    });
  }

  #tooMany(body: Body): void {
    const at = Math.max(0, body.open);
    this.#cursor.report(at, { code: 'FLY093', message: `a body may have ${limits.items} items` });
  }

  /** Something that starts neither an attribute nor a block. */
  #junk(body: Body): ItemNode {
    const cursor = this.#cursor;
    const at = cursor.at;
    body.isBroken = true;
    if (cursor.kind !== Token.bad && !this.#sink.hasTroubleAt(cursor.startOf(at))) {
      this.#cursor.report(at, { code: 'FLY001', message: 'expected an attribute or a block' });
    }
    cursor.skipRestOfLine(body.open);
    if (cursor.at === at) cursor.at++;
    return { kind: Node.badItem, at, end: cursor.at };
  }

  #item(body: Body): ItemNode {
    const cursor = this.#cursor;
    const at = cursor.at++;
    cursor.skipBlanks();
    const kind = cursor.kind;
    if (kind === Token.equals || kind === Token.colon) {
      const label = labelBehindEquals(cursor);
      return label < 0 ? this.#attribute(at, body) : this.#block(at, [label], cursor.at++);
    }
    const labels: number[] = [];
    while (cursor.kind === Token.string || cursor.kind === Token.name) {
      labels.push(cursor.at++);
      cursor.skipBlanks();
    }
    if (opensBlock(cursor, labels.length > 0)) return this.#block(at, labels, cursor.at++);
    const open = lacksBrace(cursor, this.#witness, { at, labels });
    if (open !== undefined) return this.#block(at, labels, open);
    return this.#lacksEquals(at, labels, body);
  }

  #attribute(at: number, body: Body): AttributeNode {
    const cursor = this.#cursor;
    const equals = cursor.at++;
    readEquals(cursor, equals);
    cursor.skipBlanks();
    const read = this.#values.parse(equals);
    const value = lacksListStart(cursor, read) ? { ...read, kind: Node.badValue } : read;
    if (value.kind === Node.badValue) body.isBroken = true;
    const node = { kind: Node.attribute, name: this.#nameOf(at), at, equals, value, end: cursor.at };
    this.#endLine(body);
    return node;
  }

  #block(at: number, labels: readonly number[], open: number): BlockNode {
    const cursor = this.#cursor;
    const column = Math.max(0, cursor.columnOf(at));
    const body: Body = { open: Math.max(open, at), column, isBroken: false, isUnclosed: false };
    let items: ItemNode[] = [];
    if (++this.#depth.now > limits.depth) this.#tooDeep(at, open);
    else items = this.#body(body);
    this.#depth.now--;
    if (this.#depth.now === 0) this.#depth.isLost = false;
    const close = body.isUnclosed ? -1 : cursor.at - 1;
    this.#checkOneLine(open, items, close);
    const node = {
      kind: Node.block,
      name: this.#nameOf(at),
      at,
      labels,
      open,
      close,
      items,
      isBroken: body.isBroken,
      end: cursor.at,
    };
    if (!body.isUnclosed) this.#endLine(body);
    return node;
  }

  /** What stands on the line of `{` is a single attribute with the `}` behind it, or nothing. */
  #checkOneLine(open: number, items: readonly ItemNode[], close: number): void {
    const cursor = this.#cursor;
    const first = items[0];
    if (first === undefined || open < 0 || !cursor.isSameLine(open, first.at)) return;
    const isAlone = items.length === 1 && first.kind === Node.attribute;
    if (isAlone && close >= 0 && cursor.isSameLine(first.end - 1, close)) return;
    if (this.#sink.hasTroubleAt(cursor.startOf(first.at))) return;
    const start = cursor.startOf(first.at);
    this.#cursor.report(first.at, {
      code: 'FLY028',
      message: 'only a single attribute may stand on the line of its block',
      fixes: [{ title: 'start a new line', safety: 'safe', edits: [{ start, end: start, text: '\n' }] }],
    });
  }

  /** A block where an entry of a map should be: read, so that the checker can say what is meant. */
  #blockInMap(at: number): ItemNode {
    this.#cursor.at = at;
    return this.#item({ open: at, column: -1, isBroken: false, isUnclosed: false });
  }

  #tooDeep(at: number, open: number): void {
    const cursor = this.#cursor;
    if (!this.#depth.isLost)
      this.#cursor.report(at, { code: 'FLY090', message: `nothing is nested deeper than ${limits.depth}` });
    this.#depth.isLost = true;
    cursor.at = Math.max(open, at);
    cursor.skipBalanced();
  }

  /** A name that neither `=` nor `{` follows. */
  #lacksEquals(at: number, labels: readonly number[], body: Body): ItemNode {
    const cursor = this.#cursor;
    const first = labels[0] ?? cursor.at;
    const isOnLine = cursor.isSameLine(at, first);
    if (labels.length <= 1 && isOnLine && startsValue(cursor.kindOf(first))) {
      const end = cursor.endOf(at);
      this.#cursor.report(at, {
        code: 'FLY023',
        message: `no = between ${this.#nameOf(at)} and its value`,
        fixes: [{ title: 'insert =', safety: 'safe', edits: [{ start: end, end, text: ' =' }] }],
      });
      cursor.at = first;
      const value = this.#values.parse(at);
      const node = { kind: Node.attribute, name: this.#nameOf(at), at, equals: -1, value, end: cursor.at };
      this.#endLine(body);
      return node;
    }
    if (!this.#sink.hasTroubleAt(cursor.startOf(at))) {
      this.#cursor.report(at, { code: 'FLY023', message: `expected = or { after ${this.#nameOf(at)}` });
    }
    body.isBroken = true;
    cursor.skipRestOfLine(body.open);
    return { kind: Node.badItem, at, end: cursor.at };
  }

  #endLine(body: Body): void {
    const cursor = this.#cursor;
    cursor.skipBlanks();
    const kind = cursor.kind;
    if (kind === Token.newline || kind === Token.end || kind === Token.closeBrace) return;
    if (!this.#sink.hasTroubleAt(cursor.startOf(cursor.at))) reportRest(cursor);
    if (cursor.headAt(cursor.at) < 0) cursor.skipRestOfLine(body.open);
  }

  /** `"name" =`, as in JSON: read without its quotes. */
  #isQuotedName(): boolean {
    const cursor = this.#cursor;
    if (cursor.kind !== Token.string) return false;
    let next = cursor.at + 1;
    while (cursor.kindOf(next) === Token.blank) next++;
    if (cursor.kindOf(next) !== Token.equals && cursor.kindOf(next) !== Token.colon) return false;
    if (this.#sink.hasTroubleAt(cursor.startOf(cursor.at))) return true;
    const text = this.#nameOf(cursor.at);
    const edits = [{ start: cursor.startOf(cursor.at), end: cursor.endOf(cursor.at), text }];
    const isName = /^[A-Za-z_][\w-]*$/.test(text);
    // As in JSON there is more to mend on this line.
    const safety = cursor.kindOf(next) === Token.equals ? 'safe' : 'suggested';
    this.#cursor.report(cursor.at, {
      code: 'FLY001',
      message: 'a name stands without quotes',
      fixes: isName ? [{ title: 'remove the quotes', safety, edits }] : [],
    });
    return true;
  }

  #nameOf(token: number): string {
    const text = this.#cursor.textOf(token);
    const name = this.#cursor.kindOf(token) === Token.string ? text.slice(1, -1) : text;
    return this.#sink.total === 0 ? name : toAsciiName(name);
  }
}

function startsValue(kind: number): boolean {
  return (
    kind === Token.string ||
    kind === Token.number ||
    kind === Token.name ||
    kind === Token.heredoc ||
    kind === Token.openList
  );
}
