import { Token } from '../syntax/kinds.ts';
import { parseText, type SyntaxResult } from '../syntax/parse.ts';
import { readHeredoc } from '../syntax/template.ts';
import { type Layout, makeLayout } from './layout.ts';
import { findVerbatim, type VerbatimRange } from './verbatim.ts';
import { Writer } from './writer.ts';

/**
 * The canonical form of a Fly text. Only blanks and line ends change (and a comma is added behind the last
 * item of a multi-line list); comments stay where they are; a top-level block with a syntax error is left as
 * it is. Formatting twice is formatting once, for every input. A text that indentation would blow up beyond
 * twice its length and 1 KiB is left as it is: a small file must not become a big one.
 */
export function formatFly(text: string): string {
  const formatted = format(text);
  return formatted.length <= 2 * text.length + roomForGrowth ? formatted : text;
}

const roomForGrowth = 1024;

function format(text: string): string {
  const result = parseText(text);
  const formatted = new Formatter(text, result).run();
  if (result.sink.findings.length === 0) return formatted;
  // In a broken text a moved line may read differently: then nothing is touched.
  const again = parseText(formatted);
  const isStable = new Formatter(formatted, again).run() === formatted;
  const isSame = hasSameErrors(result, again) && hasSameTokens([text, result], [formatted, again]);
  return isStable && isSame ? formatted : text;
}

class Formatter {
  readonly #text: string;
  readonly #result: SyntaxResult;
  readonly #layout: Layout;
  readonly #verbatim: readonly VerbatimRange[];
  readonly #writer = new Writer();
  #depth = 0;
  /** The last token printed on this line or before it; -1 at the start. */
  #previous = -1;
  /** Line ends since then. */
  #lineEnds = 0;

  constructor(text: string, result: SyntaxResult) {
    this.#text = text;
    this.#result = result;
    this.#layout = makeLayout(result.tokens, result.tree);
    this.#verbatim = findVerbatim(result);
  }

  run(): string {
    const { kinds, count } = this.#result.tokens;
    let range = 0;
    for (let token = 0; token < count - 1; token++) {
      const verbatim = this.#verbatim[range];
      if (verbatim?.from === token) {
        range++;
        this.#keep(verbatim);
        token = verbatim.to - 1;
        continue;
      }
      const kind = kinds[token];
      if (kind === Token.newline) this.#lineEnds++;
      else if (kind !== Token.blank) this.#token(token);
    }
    return this.#writer.print();
  }

  #keep(range: VerbatimRange): void {
    const { starts } = this.#result.tokens;
    if (this.#lineEnds >= 2) this.#writer.blankLine();
    this.#writer.verbatim(this.#text.slice(starts[range.from], starts[range.to]));
    this.#previous = range.to - 1;
    this.#lineEnds = 0;
    this.#depth = 0;
  }

  #token(token: number): void {
    const { kinds } = this.#result.tokens;
    const kind = kinds[token] ?? Token.end;
    const isCloser = this.#layout.brackets[token] === 2;
    if (isCloser) this.#depth--;
    if (this.#breaksBefore(token, kind)) this.#newLine(isCloser);
    if (kind === Token.comment && this.#isTrailing(token))
      this.#writer.comment(this.#textOf(token).trimEnd());
    else {
      this.#writer.append(this.#gap(token, kind) + this.#print(token, kind));
      if (this.#layout.commas[token] === 1) this.#writer.append(',');
    }
    if (this.#layout.brackets[token] === 1) this.#depth++;
    this.#previous = token;
    this.#lineEnds = 0;
  }

  #breaksBefore(token: number, kind: number): boolean {
    if (!this.#writer.isLineOpen) return true;
    const { brackets } = this.#layout;
    const before = this.#result.tokens.kinds[this.#previous];
    const isEmpty = isOpener(before) && isCloser(kind);
    const isStuck = kind === Token.comma && before !== Token.comment && before !== Token.heredoc;
    if (isEmpty || isStuck) return false;
    if (this.#lineEnds > 0) return true;
    if (kind === Token.comment && this.#isTrailing(token)) return false;
    return brackets[this.#previous] === 1 || brackets[token] === 2;
  }

  #newLine(isCloser: boolean): void {
    const isAfterOpener = this.#previous >= 0 && this.#layout.brackets[this.#previous] === 1;
    this.#writer.endLine();
    if (this.#lineEnds >= 2 && !isCloser && !isAfterOpener) this.#writer.blankLine();
    this.#writer.start(this.#depth);
  }

  /** A comment behind something, with nothing behind it. */
  #isTrailing(token: number): boolean {
    const { kinds } = this.#result.tokens;
    if (this.#writer.isLineEmpty || this.#lineEnds > 0) return false;
    let next = token + 1;
    while (kinds[next] === Token.blank) next++;
    const isLast = kinds[next] === Token.newline || kinds[next] === Token.end;
    return isLast || this.#layout.brackets[next] === 2;
  }

  #gap(token: number, kind: number): string {
    if (this.#writer.isLineEmpty) return '';
    const before = this.#result.tokens.kinds[this.#previous] ?? Token.end;
    if (kind === Token.equals) return ' '.repeat(1 + (this.#layout.pads.get(token) ?? 0));
    if (kind === Token.comma || kind === Token.dot || before === Token.dot) return '';
    if (before === Token.openList || kind === Token.closeList) return '';
    return before === Token.openBrace && kind === Token.closeBrace ? '' : ' ';
  }

  #print(token: number, kind: number): string {
    const text = this.#textOf(token);
    if (kind === Token.heredoc) return printHeredoc(text, this.#writer.indent);
    if (kind === Token.comment) return text.replaceAll('\r\n', '\n').trimEnd();
    return text;
  }

  #textOf(token: number): string {
    const { starts } = this.#result.tokens;
    return this.#text.slice(starts[token], starts[token + 1]);
  }
}

function isOpener(kind: number | undefined): boolean {
  return kind === Token.openBrace || kind === Token.openList;
}

function isCloser(kind: number): boolean {
  return kind === Token.closeBrace || kind === Token.closeList;
}

/** The body keeps its value: each line moves with the closing tag. */
function printHeredoc(token: string, indent: string): string {
  const { bodyAt, indent: width } = readHeredoc(token);
  const head = token.slice(0, bodyAt).trimEnd();
  const lines = token
    .slice(bodyAt)
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' && line.length <= width ? '' : indent + line.slice(width)));
  return [head, ...lines].join('\n');
}

function hasSameErrors(before: SyntaxResult, after: SyntaxResult): boolean {
  const codes = ({ sink }: SyntaxResult) => sink.findings.map((finding) => finding.code).toSorted();
  const [old, now] = [codes(before), codes(after)];
  return old.length === now.length && old.every((code, index) => code === now[index]);
}

function hasSameTokens(
  [text, before]: readonly [string, SyntaxResult],
  [formatted, after]: readonly [string, SyntaxResult],
): boolean {
  const old = significantTokens(text, before).filter((token) => token !== ',');
  const now = significantTokens(formatted, after).filter((token) => token !== ',');
  return old.length === now.length && old.every((token, index) => token === now[index]);
}

/** All tokens but blanks and line ends, in a form that indentation and line ends do not change. */
export function significantTokens(text: string, { tokens }: SyntaxResult): string[] {
  const found: string[] = [];
  for (let token = 0; token < tokens.count; token++) {
    const kind = tokens.kinds[token];
    if (kind === Token.blank || kind === Token.newline || kind === Token.end) continue;
    const source = text.slice(tokens.starts[token], tokens.starts[token + 1]);
    if (kind !== Token.heredoc) found.push(source.replaceAll('\r\n', '\n').trimEnd());
    else found.push(source.slice(0, source.indexOf('\n')).trimEnd(), readHeredoc(source).body);
  }
  return found;
}
