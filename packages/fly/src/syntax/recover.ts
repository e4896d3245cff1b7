import type { Cursor } from './cursor.ts';
import { Token } from './kinds.ts';
import type { Tokens } from './tree.ts';

/** A body while it is read. */
export interface Body {
  /** Token of `{` (of the header where it is absent); -1 for the file. */
  readonly open: number;
  /** Column of the header. */
  readonly column: number;
  isBroken: boolean;
  isUnclosed: boolean;
}

/**
 * Indentation as a witness: each top-level block (its header stands in column 1) has its own brace balance,
 * so a brace too few or too many is found inside the block that has it.
 */
export class Witness {
  /** `{` minus `}` of the top-level block being read, corrected as mistakes are found; 0 when not a witness. */
  balance = 0;
  readonly #tokens: Tokens;
  readonly #isActive: boolean;
  #segment = 0;

  constructor(tokens: Tokens, isActive: boolean) {
    this.#tokens = tokens;
    this.#isActive = isActive;
  }

  /** A top-level item starts at this token. */
  enter(token: number): void {
    if (!this.#isActive) return;
    const { heads, balances } = this.#tokens;
    while ((heads[this.#segment] ?? token) < token) this.#segment++;
    const before = balances[this.#segment];
    const after = balances[this.#segment + 1];
    const isHead = heads[this.#segment] === token && before !== undefined && after !== undefined;
    this.balance = isHead ? after - before : 0;
  }
}

/** Does the line at the cursor belong outside this body, whose `}` is missing? */
export function endsUnclosed(cursor: Cursor, witness: Witness, body: Body): boolean {
  if (witness.balance <= 0 || body.open < 0) return false;
  const column = cursor.columnOf(cursor.at);
  return column >= 0 && column <= body.column && cursor.headAt(cursor.at) >= 0;
}

/** Is the `}` at the cursor one too many, because what follows still belongs to this body? */
export function closesTooEarly(cursor: Cursor, witness: Witness, body: Body): boolean {
  if (witness.balance >= 0 || body.column < 0) return false;
  const column = cursor.columnOf(cursor.at);
  if (column < 0) return false;
  const next = cursor.significantFrom(cursor.at + 1);
  const nextColumn = cursor.columnOf(next);
  if (nextColumn > body.column && cursor.headAt(next) >= 0) return true;
  return column > body.column && cursor.kindOf(next) === Token.closeBrace && nextColumn === body.column;
}

/**
 * A header without `{` on its line: the token of a `{` on the next line, -1 where the body follows
 * without any, `undefined` when this is no header.
 */
export function lacksBrace(
  cursor: Cursor,
  witness: Witness,
  header: { readonly at: number; readonly labels: readonly number[] },
): number | undefined {
  if (cursor.kind !== Token.newline || header.labels.some((label) => cursor.kindOf(label) !== Token.string)) {
    return undefined;
  }
  const next = cursor.significantFrom(cursor.at);
  const end = cursor.endOf(header.labels.at(-1) ?? header.at);
  if (cursor.kindOf(next) === Token.openBrace) {
    const gap = cursor.text.slice(end, cursor.startOf(next));
    reportBrace(cursor, header.at, {
      message: '{ stands on the line of its header',
      edit: { start: end, end: gap.trim() === '' ? cursor.startOf(next) : end, text: ' ' },
      isSafe: gap.trim() === '',
    });
    cursor.at = next + 1;
    return next;
  }
  const isBody = cursor.columnOf(next) > Math.max(0, cursor.columnOf(header.at)) && cursor.headAt(next) >= 0;
  if (witness.balance >= 0 || !isBody) return undefined;
  witness.balance++;
  const edit = { start: end, end, text: ' {' };
  reportBrace(cursor, header.at, { message: 'this block has no {', edit, isSafe: false });
  return -1;
}

function reportBrace(
  cursor: Cursor,
  header: number,
  what: { message: string; edit: { start: number; end: number; text: string }; isSafe: boolean },
): void {
  // The `{` may stand in a label that is not closed.
  if (cursor.sink.hasTroubleAt(cursor.startOf(header))) return;
  cursor.sink.add({
    code: 'FLY022',
    start: cursor.startOf(header),
    end: cursor.endOf(header),
    message: what.message,
    fixes: [{ title: 'write { here', safety: what.isSafe ? 'safe' : 'suggested', edits: [what.edit] }],
  });
}
