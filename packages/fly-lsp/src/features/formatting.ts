import { formatFly } from '@polar-gosling/fly';
import { TextEdit } from 'vscode-languageserver';
import { toRange } from '../positions.ts';
import type { Snapshot } from '../snapshot.ts';

/** The canonical form of the whole file, as one edit of the part that differs. */
export function format({ source }: Pick<Snapshot, 'source'>): TextEdit[] {
  const old = source.parsed.text;
  const formatted = formatFly(old);
  if (formatted === old) return [];
  const shorter = Math.min(old.length, formatted.length);
  let start = 0;
  while (start < shorter && old[start] === formatted[start]) start++;
  let tail = 0;
  while (tail < shorter - start && old.at(-1 - tail) === formatted.at(-1 - tail)) tail++;
  // An edit begins and ends with a line: half a character or half a line end would be left otherwise.
  start = start === 0 ? 0 : old.lastIndexOf('\n', start - 1) + 1;
  const end = nextLineFrom(old, old.length - tail);
  const newEnd = formatted.length - (old.length - end);
  return [TextEdit.replace(toRange(source, { start, end }), formatted.slice(start, newEnd))];
}

function nextLineFrom(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  return at < 0 ? text.length : at + 1;
}
