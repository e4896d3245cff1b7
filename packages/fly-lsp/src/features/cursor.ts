import { type Span, Token } from '@polar-gosling/fly';
import type { Position } from 'vscode-languageserver';
import { type Place, placeOf, tokenAt } from '../place.ts';
import type { FlySource } from '../snapshot.ts';
import { unquote } from '../unquote.ts';

/** What stands at a position of the editor. */
export interface Cursor {
  readonly offset: number;
  readonly token: number;
  readonly kind: number;
  readonly span: Span;
  readonly text: string;
  readonly place: Place;
  /** Behind `=`, or in a list. */
  readonly isInValue: boolean;
}

export function cursorAt(source: FlySource, position: Position): Cursor {
  const { parsed, document } = source;
  const offset = document.offsetAt(position);
  const token = tokenAt(parsed, offset);
  const place = placeOf(parsed, token);
  const span = { start: parsed.tokens.starts[token] ?? 0, end: parsed.tokens.starts[token + 1] ?? offset };
  return {
    offset,
    token,
    kind: parsed.tokens.kinds[token] ?? Token.end,
    span,
    text: parsed.text.slice(span.start, span.end),
    place,
    isInValue:
      place.before.some((one) => parsed.tokens.kinds[one] === Token.equals) ||
      place.frames.at(-1)?.kind === 'list',
  };
}

/** The text of a name or label token. */
export function wordOf({ parsed }: FlySource, token: number): string {
  const { starts } = parsed.tokens;
  return unquote(parsed.text.slice(starts[token], starts[token + 1]));
}
