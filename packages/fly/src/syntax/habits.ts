import type { Cursor } from './cursor.ts';
import { Token } from './kinds.ts';
import type { Body, Witness } from './recover.ts';
import type { ValueNode } from './tree.ts';

// What people write who think in another language: each is understood, and told once with what Fly writes for it.

const parenthesis = { open: 40, close: 41 } as const;
const greater = 62;

/** Is the token under the cursor this character? */
function isSymbol(cursor: Cursor, token: number, code: number): boolean {
  return cursor.kindOf(token) === Token.symbol && cursor.text.charCodeAt(cursor.startOf(token)) === code;
}

/** At the token behind `=` or `:`: takes what belongs to `==`, `=>` or `:=`, and says that `=` is meant. */
export function readEquals(cursor: Cursor, equals: number): void {
  const isLong = cursor.kind === Token.equals || isSymbol(cursor, cursor.at, greater);
  if (isLong) cursor.at++;
  else if (cursor.kindOf(equals) !== Token.colon) return;
  if (cursor.sink.hasTroubleAt(cursor.startOf(equals))) return;
  const start = cursor.startOf(equals);
  const end = cursor.startOf(cursor.at);
  const text = cursor.kindOf(equals - 1) === Token.blank ? '=' : ' =';
  const isMap = cursor.kindOf(cursor.significantFrom(cursor.at)) === Token.openBrace;
  cursor.report(equals, {
    code: 'FLY023',
    message: 'an attribute is set with =',
    fixes: [{ title: 'write =', safety: isMap ? 'suggested' : 'safe', edits: [{ start, end, text }] }],
  });
}

/** `egg = "name" {`: moves to the `{` and answers the token of the label; -1 where this is an attribute. */
export function labelBehindEquals(cursor: Cursor): number {
  const equals = cursor.at;
  const label = skipBlanksFrom(cursor, equals + 1);
  const open = skipBlanksFrom(cursor, label + 1);
  if (cursor.kindOf(label) !== Token.string || cursor.kindOf(open) !== Token.openBrace) return -1;
  reportEquals(cursor, equals);
  cursor.at = open;
  return label;
}

/** Behind the name and the labels of a block: moves to what opens it, `= {`, `(` and `[` included. */
export function opensBlock(cursor: Cursor, isLabelled: boolean): boolean {
  if (cursor.kind === Token.openBrace) return true;
  const next = skipBlanksFrom(cursor, cursor.at + 1);
  if (isLabelled && cursor.kind === Token.equals && cursor.kindOf(next) === Token.openBrace) {
    reportEquals(cursor, cursor.at);
    cursor.at = next;
    return true;
  }
  const isOther = cursor.kind === Token.openList || isSymbol(cursor, cursor.at, parenthesis.open);
  if (!isOther || cursor.kindOf(next) !== Token.newline) return false;
  if (cursor.headAt(cursor.significantFrom(next)) < 0) return false;
  reportBracket(cursor, { code: 'FLY022', text: '{' });
  return true;
}

/** At `)` or `]` alone on a line where the `}` of this body should be: ends the body. */
export function closesOtherwise(cursor: Cursor, witness: Witness, body: Body): boolean {
  const isOther = cursor.kind === Token.closeList || isSymbol(cursor, cursor.at, parenthesis.close);
  if (!isOther || cursor.columnOf(cursor.at) !== body.column) return false;
  const next = cursor.kindOf(skipBlanksFrom(cursor, cursor.at + 1));
  if (next !== Token.newline && next !== Token.end) return false;
  if (witness.balance > 0) witness.balance--;
  reportBracket(cursor, { code: 'FLY020', text: '}' });
  cursor.at++;
  return true;
}

/** `tags = "a", "b"]`: says that the `[` is absent, and skips the rest. */
export function lacksListStart(cursor: Cursor, value: ValueNode): boolean {
  const comma = skipBlanksFrom(cursor, cursor.at);
  if (cursor.kindOf(comma) !== Token.comma) return false;
  const next = cursor.kindOf(skipBlanksFrom(cursor, comma + 1));
  if (next === Token.newline || next === Token.end || next === Token.comment || next === Token.name)
    return false;
  if (cursor.sink.hasTroubleAt(cursor.startOf(comma))) return false;
  const start = cursor.startOf(value.at);
  cursor.at = value.at;
  cursor.report(value.at, {
    code: 'FLY026',
    message: 'several values stand in [ ]',
    fixes: [{ title: 'insert [', safety: 'suggested', edits: [{ start, end: start, text: '[' }] }],
  });
  cursor.skipRestOfLine(-1);
  return true;
}

/** Behind the value of an attribute, where its line should end. */
export function reportRest(cursor: Cursor): void {
  const start = cursor.startOf(cursor.at);
  const next = cursor.kindOf(skipBlanksFrom(cursor, cursor.at + 1));
  const isLast = next === Token.newline || next === Token.end || next === Token.comment;
  const isComma = cursor.kind === Token.comma && isLast;
  const isItem = cursor.headAt(cursor.at) >= 0;
  const edit = isComma
    ? { title: 'remove the comma', start, end: start + 1, text: '' }
    : {
        title: isItem ? 'start a new line' : 'make it a comment',
        start,
        end: start,
        text: isItem ? '\n' : '# ',
      };
  const { title, ...edits } = edit;
  cursor.report(cursor.at, {
    code: 'FLY028',
    message: isComma ? 'attributes are not separated by commas' : 'expected a new line here',
    fixes: [{ title, safety: isComma || isItem ? 'safe' : 'suggested', edits: [edits] }],
  });
}

function skipBlanksFrom(cursor: Cursor, token: number): number {
  let next = token;
  while (cursor.kindOf(next) === Token.blank) next++;
  return next;
}

function reportEquals(cursor: Cursor, equals: number): void {
  const edit = { start: cursor.endOf(equals - 1), end: cursor.endOf(equals), text: '' };
  cursor.report(equals, {
    code: 'FLY039',
    message: 'a block has no =',
    fixes: [{ title: 'remove =', safety: 'suggested', edits: [edit] }],
  });
}

function reportBracket(
  cursor: Cursor,
  { code, text }: { readonly code: 'FLY020' | 'FLY022'; readonly text: string },
): void {
  const span = { start: cursor.startOf(cursor.at), end: cursor.endOf(cursor.at) };
  cursor.report(cursor.at, {
    code,
    message: `a block is ${text === '{' ? 'opened' : 'closed'} by ${text}`,
    fixes: [{ title: `write ${text}`, safety: 'suggested', edits: [{ ...span, text }] }],
  });
}
