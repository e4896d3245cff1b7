import { type ParsedFile, Token } from '@polar-gosling/fly';
import { unquote } from './unquote.ts';

/** A block, map or list that is open at a place. */
export interface Frame {
  readonly kind: 'block' | 'map' | 'list';
  /** Name of the block, or of the attribute the map or list belongs to. */
  readonly name: string;
  readonly labels: readonly string[];
  /** Names that start a line of it, those behind the place included. */
  readonly names: string[];
}

/** Where a token stands, read from the tokens: it holds in a text that cannot be parsed yet. */
export interface Place {
  /** Outermost first; empty at the top level. */
  readonly frames: readonly Frame[];
  /** Tokens of the same line of the body before the token, without blanks. */
  readonly before: readonly number[];
}

/** The token that holds the offset, or that a word ends at; the index of the first token behind it otherwise. */
export function tokenAt({ tokens, text }: ParsedFile, offset: number): number {
  let low = 0;
  let high = tokens.count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tokens.starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const touchesWord = low > 0 && tokens.starts[low] === offset && isOpenAt({ tokens, text }, low - 1);
  return touchesWord ? low - 1 : low;
}

/** May a word or comment go on at the end of this token? A string only while its quote is missing. */
function isOpenAt({ tokens, text }: Pick<ParsedFile, 'tokens' | 'text'>, token: number): boolean {
  const kind = tokens.kinds[token];
  if (kind === Token.name || kind === Token.number) return true;
  const word = text.slice(tokens.starts[token], tokens.starts[token + 1]);
  if (kind === Token.comment) return !word.endsWith('*/');
  if (kind !== Token.string) return false;
  return word.length < 2 || word.at(-1) !== word[0];
}

/** Reads the blocks around a token. */
export function placeOf(parsed: ParsedFile, token: number): Place {
  const items = parsed.tree.items;
  const index = items.findLastIndex((item) => item.at <= token);
  const walk = new Walk(parsed);
  for (let at = items[index]?.at ?? 0; at < token; at++) walk.step(at);
  const place = { frames: [...walk.frames], before: [...walk.line] };
  const inner = place.frames.at(-1);
  const end = items[index + 1]?.at ?? parsed.tokens.count;
  // The rest of the innermost body: which names stand in it already. The word itself is being written.
  const isWord = isWordKind(parsed.tokens.kinds[token]);
  if (isWord && walk.line.length === 0) walk.line.push(token);
  const isOpen = () => inner !== undefined && walk.frames[place.frames.length - 1] === inner;
  for (let at = isWord ? token + 1 : token; at < end && isOpen(); at++) walk.step(at);
  return place;
}

function isWordKind(kind: number | undefined): boolean {
  return kind === Token.name || kind === Token.string || kind === Token.number || kind === Token.heredoc;
}

class Walk {
  readonly frames: Frame[] = [];
  /** Tokens of the line of the body that is being read. */
  line: number[] = [];
  readonly #parsed: ParsedFile;

  constructor(parsed: ParsedFile) {
    this.#parsed = parsed;
  }

  step(token: number): void {
    switch (this.#parsed.tokens.kinds[token]) {
      case Token.blank:
      case Token.comment:
        return;
      case Token.newline:
      case Token.comma:
        this.line = [];
        return;
      case Token.openBrace:
      case Token.openList:
        this.frames.push(this.#open(token));
        this.line = [];
        return;
      case Token.closeBrace:
      case Token.closeList:
        this.frames.pop();
        this.line = [];
        return;
      default:
        this.#word(token);
    }
  }

  #word(token: number): void {
    if (this.line.length === 0) this.frames.at(-1)?.names.push(this.#text(token));
    this.line.push(token);
  }

  #open(token: number): Frame {
    const { kinds } = this.#parsed.tokens;
    const [head, ...rest] = this.line;
    const name = head === undefined ? '' : this.#text(head);
    const isValue = rest.some((one) => kinds[one] === Token.equals || kinds[one] === Token.colon);
    if (kinds[token] === Token.openList) return { kind: 'list', name, labels: [], names: [] };
    const isInValue = isValue || (this.frames.at(-1)?.kind ?? 'block') !== 'block';
    const labels = isInValue ? [] : rest.map((one) => this.#text(one));
    return { kind: isInValue ? 'map' : 'block', name, labels, names: [] };
  }

  #text(token: number): string {
    const { starts } = this.#parsed.tokens;
    return unquote(this.#parsed.text.slice(starts[token], starts[token + 1]));
  }
}
