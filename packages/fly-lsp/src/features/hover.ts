import { type Plain, Token } from '@polar-gosling/fly';
import { type Hover, MarkupKind, type Position } from 'vscode-languageserver';
import { findDefinitions } from '../definitions.ts';
import { documentation, valueText } from '../describe.ts';
import { spanOfTokens, toRange } from '../positions.ts';
import { type ReferenceAt, referenceAt } from '../reference-at.ts';
import { bodyOf, type Member, memberOf, valueAt } from '../schema-at.ts';
import type { Snapshot } from '../snapshot.ts';
import { type Cursor, cursorAt, wordOf } from './cursor.ts';
import { inForceAt, inForceText } from './in-force.ts';

const longestValue = 500;

/** The documentation of a name, or what a reference stands for. */
export function hover(snapshot: Snapshot, position: Position): Hover | undefined {
  const { source } = snapshot;
  const cursor = cursorAt(source, position);
  const isWord = cursor.kind === Token.name || cursor.kind === Token.dot;
  const reference =
    cursor.isInValue || !isWord ? referenceAt(source.parsed, cursor.token, cursor.offset) : undefined;
  if (reference !== undefined) {
    const value = referenceText(snapshot, reference);
    return value === undefined ? undefined : toHover(value, toRange(source, reference.span));
  }
  const member = memberAt(snapshot, cursor);
  if (member === undefined) return undefined;
  const inForce = member.kind === 'attribute' ? inForceText(inForceAt(snapshot, cursor)) : undefined;
  return toHover(
    [documentation(member), ...(inForce === undefined ? [] : [inForce])].join('\n\n'),
    toRange(source, spanOfTokens(source.parsed, cursor.token, cursor.token + 1)),
  );
}

function memberAt({ source }: Snapshot, cursor: Cursor): Member | undefined {
  const { kind, place } = cursor;
  const isWord =
    kind === Token.name || kind === Token.string || kind === Token.number || kind === Token.heredoc;
  if (!isWord) return undefined;
  if (cursor.isInValue) {
    const value = valueAt(place, (token) => wordOf(source, token));
    return value && { kind: 'attribute', name: value.name, spec: value.spec };
  }
  // Behind the first word of a line stand labels: they belong to it.
  const name = wordOf(source, place.before[0] ?? cursor.token);
  const body = bodyOf(place.frames);
  return body && memberOf(body, name);
}

function referenceText(snapshot: Snapshot, { path }: ReferenceAt): string | undefined {
  const [kind, name] = path;
  const definition = findDefinitions(snapshot.nest).find((one) => one.kind === kind && one.name === name);
  const found = snapshot.scope.lookup(path);
  const isSecret = definition !== undefined && isSensitive(definition.source.parsed.text, definition.span);
  const value = found.kind === 'value' && !isSecret ? shown(found.value) : undefined;
  if (definition === undefined && value === undefined) return undefined;
  const lines = [`**${path.join('.')}**`];
  if (value !== undefined) lines.push(`\`\`\`fly\n${value}\n\`\`\``);
  if (definition !== undefined) {
    const { line } = definition.source.document.positionAt(definition.nameSpan.start);
    lines.push(`Defined in ${definition.source.parsed.file}:${line + 1}`);
  }
  return lines.join('\n\n');
}

function isSensitive(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): boolean {
  return /\bsensitive\s*=\s*true\b/.test(text.slice(start, end));
}

function shown(value: Plain): string {
  const text = valueText(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

function toHover(value: string, range: Hover['range']): Hover {
  return { contents: { kind: MarkupKind.Markdown, value }, ...(range && { range }) };
}
