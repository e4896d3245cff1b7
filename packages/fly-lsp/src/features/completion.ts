import { type Span, Token } from '@polar-gosling/fly';
import {
  type CompletionItem,
  InsertTextFormat,
  MarkupKind,
  type Position,
  TextEdit,
} from 'vscode-languageserver';
import { toRange } from '../positions.ts';
import { bodyOf, valueAt } from '../schema-at.ts';
import type { FlySource, Snapshot } from '../snapshot.ts';
import type { Choice } from './completion/choice.ts';
import { labelChoices } from './completion/labels.ts';
import { nameChoices } from './completion/names.ts';
import { referenceChoices } from './completion/references.ts';
import { valueChoices } from './completion/values.ts';
import { type Cursor, cursorAt, wordOf } from './cursor.ts';

interface Offer {
  readonly choices: readonly Choice[];
  /** What a choice replaces. */
  readonly span: Span;
}

export interface CompletionOptions {
  /** Can the editor fill in snippets? */
  readonly hasSnippets: boolean;
}

/** What may stand at the cursor: what is required comes first. */
export function complete(
  snapshot: Snapshot,
  position: Position,
  { hasSnippets }: CompletionOptions,
): CompletionItem[] {
  const { choices, span } = offer(snapshot, cursorAt(snapshot.source, position));
  const range = toRange(snapshot.source, span);
  return choices.map(({ label, kind, detail, doc, text = label, snippet }, index) => {
    const isSnippet = hasSnippets && snippet !== undefined;
    return {
      label,
      kind,
      sortText: String(index).padStart(4, '0'),
      ...(detail !== undefined && { detail }),
      ...(doc !== undefined && { documentation: { kind: MarkupKind.Markdown, value: doc } }),
      ...(isSnippet && { insertTextFormat: InsertTextFormat.Snippet }),
      textEdit: TextEdit.replace(range, isSnippet ? snippet : text),
    };
  });
}

function offer(snapshot: Snapshot, cursor: Cursor): Offer {
  const { kind, offset, span } = cursor;
  const isInside = offset > span.start;
  const nothing = { choices: [], span: { start: offset, end: offset } };
  if (isInside && kind === Token.comment) return nothing;
  if (isInside && (kind === Token.string || kind === Token.heredoc)) return textOffer(snapshot, cursor);
  if (cursor.isInValue) return valueOffer(snapshot, cursor);
  const isWord = isInside && kind === Token.name;
  const isBlank =
    kind === Token.blank || kind === Token.newline || kind === Token.end || kind === Token.closeBrace;
  if (!(isWord || isBlank) || cursor.place.before.length > 0) return nothing;
  return { choices: namesAt(snapshot, cursor), span: isWord ? span : nothing.span };
}

function namesAt({ source }: Snapshot, { place, token }: Cursor) {
  const body = bodyOf(place.frames);
  if (body === undefined) return [];
  const isTop = place.frames.length === 0;
  const items = source.parsed.tree.items.filter((item) => item.at !== token);
  const present = isTop ? items.map((item) => wordOf(source, item.at)) : (place.frames.at(-1)?.names ?? []);
  return nameChoices(body, { present, isNameOnly: isFollowed(source, token) });
}

/** Does the line go on behind the word? Then only the word is replaced. */
function isFollowed({ parsed }: FlySource, token: number): boolean {
  const { kinds } = parsed.tokens;
  if (kinds[token] !== Token.name) return false;
  let next = token + 1;
  while (kinds[next] === Token.blank) next++;
  return kinds[next] === Token.equals || kinds[next] === Token.openBrace || kinds[next] === Token.string;
}

/** Inside quotes or a heredoc: a reference behind `${`, else a whole text. */
function textOffer(snapshot: Snapshot, cursor: Cursor): Offer {
  const { offset, span, text } = cursor;
  const before = text.slice(0, offset - span.start);
  const reference = /(?<!\$)\$\{([^}]*)$/.exec(before)?.[1];
  const isRaw = text.startsWith("<<'") || text.startsWith("<<-'");
  if (reference !== undefined && !isRaw) return referenceOffer(snapshot, reference, offset);
  if (cursor.kind === Token.heredoc) return { choices: [], span };
  const isClosed = text.length > 1 && text.at(-1) === text[0];
  const inner = { start: span.start + 1, end: isClosed ? span.end - 1 : span.end };
  const words = cursor.place.before.map((token) => wordOf(snapshot.source, token));
  if (!cursor.isInValue) return { choices: labelChoices(snapshot, words), span: inner };
  const value = valueAt(cursor.place, (token) => wordOf(snapshot.source, token));
  if (value === undefined) return { choices: [], span: inner };
  if (value.type.kind !== 'rule')
    return { choices: valueChoices(snapshot, value, { isQuoted: true }), span: inner };
  const word = /[\w]*$/.exec(before)?.[0] ?? '';
  return {
    choices: valueChoices(snapshot, value, { isQuoted: true }),
    span: { start: offset - word.length, end: offset },
  };
}

function valueOffer(snapshot: Snapshot, cursor: Cursor): Offer {
  const { offset } = cursor;
  const written =
    snapshot.source.parsed.text.slice(0, offset).match(/[A-Za-z_][\w-]*(\.[\w-]*)*$/)?.[0] ?? '';
  if (written.includes('.')) return referenceOffer(snapshot, written, offset);
  const value = valueAt(cursor.place, (token) => wordOf(snapshot.source, token));
  const span = { start: offset - written.length, end: offset };
  if (value === undefined) return { choices: [], span };
  const choices = valueChoices(snapshot, value, { isQuoted: false });
  return { choices: [...choices, ...referenceChoices(snapshot, [])], span };
}

function referenceOffer(snapshot: Snapshot, written: string, offset: number): Offer {
  const path = written.trimStart().split('.');
  const last = path.pop() ?? '';
  return { choices: referenceChoices(snapshot, path), span: { start: offset - last.length, end: offset } };
}
