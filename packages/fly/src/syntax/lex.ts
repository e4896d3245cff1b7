import { limits } from '../check/limits.ts';
import type { Sink } from '../diag/sink.ts';
import { Char, charClass, endsInQuote, isNamePart, isReported, toAsciiName } from './chars.ts';
import { HeredocScanner } from './heredoc.ts';
import { Token } from './kinds.ts';
import type { Tokens } from './tree.ts';

/** Cuts a text into tokens that tile it; never fails, whatever the text is. */
export function lex(text: string, sink: Sink): Tokens {
  return new Lexer(text, sink).run();
}

const punctuation: ReadonlyMap<number, number> = new Map([
  [123, Token.openBrace],
  [125, Token.closeBrace],
  [91, Token.openList],
  [93, Token.closeList],
  [61, Token.equals],
  [44, Token.comma],
  [58, Token.colon],
  [46, Token.dot],
]);
const punctuationKind = Uint8Array.from({ length: 128 }, (_, code) => punctuation.get(code) ?? Token.symbol);
const escapes = new Set([...'"\\ntru'].map((letter) => letter.charCodeAt(0)));
/** Strings in quotes that are not those of Fly, each on its line. */
const otherString = /`[^`\n]*`|[“”„‟«][^“”‟»"\n]*[“”‟»"]/y;
const letter = /\p{L}/u;
const nameRest = /[\p{L}\p{M}\p{N}_-]*/uy;
// After an unclosed `/*`: does the rest of the line look like an attribute or a block header?
const looksLikeItem = /[ \t]*[\w-]{1,64}[ \t]*("[^"\n]{0,64}"[ \t]*){0,3}[={]/y;

class Lexer {
  readonly #text: string;
  readonly #sink: Sink;
  readonly #heredocs: HeredocScanner;
  readonly #heads: number[] = [];
  readonly #balances: number[] = [];
  #kinds: Uint8Array;
  #starts: Int32Array;
  #count = 0;
  #at = 0;
  #balance = 0;
  /** Start of the last line; to know whether a name stands in column 1. */
  #lineStart = 0;
  #hasNoCommentEnd = false;

  constructor(text: string, sink: Sink) {
    this.#text = text;
    this.#sink = sink;
    this.#heredocs = new HeredocScanner(text, sink);
    const capacity = (text.length >> 2) + 16;
    this.#kinds = new Uint8Array(capacity);
    this.#starts = new Int32Array(capacity + 1);
  }

  run(): Tokens {
    const length = this.#text.length;
    if (this.#text.charCodeAt(0) === 0xfeff) {
      this.#at = 1;
      this.#lineStart = 1;
      this.#push(Token.blank, 0);
    }
    while (this.#at < length) {
      const start = this.#at;
      const code = this.#text.charCodeAt(start);
      this.#push(code < 128 ? this.#next(charClass[code] ?? 0, code) : this.#wide(), start);
    }
    this.#heads.push(this.#count);
    this.#balances.push(this.#balance);
    this.#push(Token.end, length);
    this.#starts[this.#count] = length;
    return {
      kinds: this.#kinds,
      starts: this.#starts,
      count: this.#count,
      heads: this.#heads,
      balances: this.#balances,
    };
  }

  #push(kind: number, start: number): void {
    if (this.#count + 1 >= this.#kinds.length) this.#grow();
    this.#kinds[this.#count] = kind;
    this.#starts[this.#count++] = start;
  }

  #grow(): void {
    const capacity = this.#kinds.length * 2;
    const kinds = new Uint8Array(capacity);
    const starts = new Int32Array(capacity + 1);
    kinds.set(this.#kinds);
    starts.set(this.#starts);
    this.#kinds = kinds;
    this.#starts = starts;
  }

  /** Moves behind the token that starts here and answers its kind. */
  #next(kind: number, code: number): number {
    switch (kind) {
      case Char.blank:
        return this.#blank();
      case Char.nameStart:
        return this.#name();
      case Char.newline:
        return this.#newline(code);
      case Char.quote:
        return this.#string(code);
      case Char.digit:
        return this.#number();
      case Char.punctuation:
        return this.#punctuation(code);
      case Char.comment:
        return this.#comment(code);
      case Char.angle:
        return this.#angle();
      case Char.minus:
        return this.#minus();
      default:
        return this.#bad();
    }
  }

  #blank(): number {
    let code: number;
    do code = this.#text.charCodeAt(++this.#at);
    while (code === 32 || code === 9);
    return Token.blank;
  }

  #newline(code: number): number {
    this.#at += code === 13 && this.#text.charCodeAt(this.#at + 1) === 10 ? 2 : 1;
    this.#lineStart = this.#at;
    return Token.newline;
  }

  #name(): number {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    let code: number;
    do code = text.charCodeAt(++at);
    while (code < 128 && isNamePart[code] === 1);
    this.#at = at;
    if (code >= 128 && letter.test(text.charAt(at))) this.#wideName(start);
    if (at - start > limits.name) this.#tooLong(start, 'a name', limits.name);
    if (start === this.#lineStart) {
      this.#heads.push(this.#count);
      this.#balances.push(this.#balance);
    }
    return Token.name;
  }

  #wide(): number {
    if (!letter.test(String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0))) return this.#bad();
    this.#wideName(this.#at);
    return Token.name;
  }

  /** A name with letters outside ASCII: kept as one name, so that only this is reported. */
  #wideName(start: number): void {
    nameRest.lastIndex = this.#at;
    nameRest.test(this.#text);
    this.#at = Math.max(nameRest.lastIndex, this.#at + 1);
    const name = this.#text.slice(start, this.#at);
    const ascii = toAsciiName(name);
    const isFixable = /^[\w-]+$/.test(ascii);
    this.#sink.add({
      code: 'FLY009',
      start,
      end: this.#at,
      message: `${JSON.stringify(name)} has letters that are not ASCII`,
      ...(isFixable && {
        fixes: [
          {
            title: `write ${ascii} in ASCII letters`,
            safety: 'safe',
            edits: [{ start, end: this.#at, text: ascii }],
          },
        ],
      }),
    });
  }

  #number(): number {
    const text = this.#text;
    let code: number;
    do code = text.charCodeAt(++this.#at);
    while (code < 128 && ((isNamePart[code] === 1 && code !== 45) || code === 46 || code === 37));
    return Token.number;
  }

  #minus(): number {
    if (charClass[this.#text.charCodeAt(this.#at + 1)] === Char.digit) {
      this.#at++;
      return this.#number();
    }
    this.#at++;
    return Token.symbol;
  }

  #punctuation(code: number): number {
    if (code === 123) this.#balance++;
    else if (code === 125) this.#balance--;
    this.#at++;
    return punctuationKind[code] ?? Token.symbol;
  }

  #comment(code: number): number {
    const second = code === 35 ? 47 : this.#text.charCodeAt(this.#at + 1);
    if (second === 47) {
      this.#at = this.#lineEnd(this.#at);
      return Token.comment;
    }
    if (second === 42) return this.#blockComment();
    this.#at++;
    return Token.symbol;
  }

  #blockComment(): number {
    const start = this.#at;
    const close = this.#hasNoCommentEnd ? -1 : this.#text.indexOf('*/', start + 2);
    if (close >= 0) {
      this.#at = close + 2;
      return Token.comment;
    }
    // Remembered: a second search through the rest of the file would make this quadratic.
    this.#hasNoCommentEnd = true;
    looksLikeItem.lastIndex = start + 2;
    this.#at = looksLikeItem.test(this.#text) ? start + 2 : this.#lineEnd(start);
    this.#sink.add({
      code: 'FLY003',
      start,
      end: start + 2,
      message: 'this comment is never closed',
      fixes: [
        {
          title: 'close it at the end of the line',
          safety: 'suggested',
          edits: [{ start: this.#at, end: this.#at, text: ' */' }],
        },
      ],
    });
    return Token.comment;
  }

  #lineEnd(from: number): number {
    const at = this.#text.indexOf('\n', from);
    if (at < 0) return this.#text.length;
    return this.#text.charCodeAt(at - 1) === 13 ? at - 1 : at;
  }

  #string(quote: number): number {
    const text = this.#text;
    const start = this.#at;
    let at = start + 1;
    let code = text.charCodeAt(at);
    while (code !== quote && code !== 10 && at < text.length) {
      if (code === 92) {
        if (!escapes.has(text.charCodeAt(at + 1))) this.#badEscape(at, quote);
        if (text.charCodeAt(at + 1) !== 10) at++;
      }
      code = text.charCodeAt(++at);
    }
    this.#at = at + 1;
    if (code !== quote) this.#unclosed(start, at, quote);
    if (quote === 39) this.#otherQuotes(start);
    if (this.#at - start > limits.string) this.#tooLong(start, 'a string', limits.string);
    return Token.string;
  }

  #unclosed(start: number, until: number, quote: number): void {
    const text = this.#text;
    let end = Math.min(until, text.length);
    while (end > start + 1 && ' \t\r'.includes(text.charAt(end - 1))) end--;
    this.#at = end;
    if (quote === 39) return;
    this.#sink.add({
      code: 'FLY002',
      start,
      end: start + 1,
      message: 'this string is not closed on its line',
      fixes: [{ title: 'insert "', safety: 'suggested', edits: [{ start: end, end, text: '"' }] }],
    });
  }

  #badEscape(at: number, quote: number): void {
    const next = this.#text.charAt(at + 1);
    if (next === '\n' || next === '\r' || next === '' || next === String.fromCharCode(quote)) return;
    this.#sink.add({
      code: 'FLY004',
      start: at,
      end: at + 2,
      message: `\\${next} is not an escape; a backslash itself is \\\\`,
      fixes: [
        // The backslash may as well be one too much.
        {
          title: `write \\\\${next}`,
          safety: 'suggested',
          edits: [{ start: at, end: at + 1, text: '\\\\' }],
        },
      ],
    });
  }

  #otherQuotes(start: number): void {
    const raw = this.#text.slice(start + 1, this.#at);
    const inner = endsInQuote(raw) ? raw.slice(0, -1) : raw;
    const text = `"${inner.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`;
    this.#sink.add({
      code: 'FLY029',
      start,
      end: this.#at,
      message: 'a string stands in double quotes',
      fixes: [{ title: 'use double quotes', safety: 'safe', edits: [{ start, end: this.#at, text }] }],
    });
  }

  #angle(): number {
    if (this.#text.charCodeAt(this.#at + 1) === 60) {
      const end = this.#heredocs.scan(this.#at, this.#lineStart);
      if (end !== undefined) {
        this.#at = end;
        return Token.heredoc;
      }
      this.#at++;
    }
    this.#at++;
    return Token.symbol;
  }

  #bad(): number {
    const start = this.#at;
    const text = this.#text;
    otherString.lastIndex = start;
    if (otherString.test(text)) {
      this.#at = otherString.lastIndex;
      this.#otherQuotes(start);
      return Token.string;
    }
    let code = text.codePointAt(start) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    // Characters that the scan of the whole text has reported are not reported again.
    if (code < 32 || isReported(text.slice(start, this.#at))) return Token.bad;
    code = text.charCodeAt(this.#at);
    while (code < 128 && charClass[code] === Char.other && code > 32 && code !== 127) {
      code = text.charCodeAt(++this.#at);
    }
    const end = this.#at;
    this.#sink.add({
      code: 'FLY001',
      start,
      end,
      message: `unexpected ${JSON.stringify(text.slice(start, Math.min(end, start + 20)))}`,
      fixes: [{ title: 'remove it', safety: 'suggested', edits: [{ start, end, text: '' }] }],
    });
    return Token.bad;
  }

  #tooLong(start: number, what: string, limit: number): void {
    const message = `${what} may have ${limit} characters`;
    this.#sink.add({ code: 'FLY092', start, end: this.#at, message });
  }
}
