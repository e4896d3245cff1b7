import type { Position as FlyPosition, Range as FlyRange, ParsedFile, Span } from '@polar-gosling/fly';
import type { Range } from 'vscode-languageserver';
import type { FlySource } from './snapshot.ts';

/** Editors count UTF-16 units from 0, Fly's diagnostics code points from 1: the offset of a place of Fly. */
export function offsetOf(parsed: ParsedFile, { line, col }: FlyPosition): number {
  let offset = parsed.sink.lines.startOf(line - 1);
  for (let passed = 1; passed < col; passed++) {
    offset += (parsed.text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** A span of offsets as the editor counts. */
export function toRange({ document }: FlySource, { start, end }: Span): Range {
  return { start: document.positionAt(start), end: document.positionAt(end) };
}

/** A range of a diagnostic as the editor counts. */
export function rangeOf(source: FlySource, { start, end }: FlyRange): Range {
  return toRange(source, { start: offsetOf(source.parsed, start), end: offsetOf(source.parsed, end) });
}

/** Offsets of the tokens `at` … `end` (exclusive). */
export function spanOfTokens({ tokens }: ParsedFile, at: number, end: number): Span {
  return { start: tokens.starts[at] ?? 0, end: tokens.starts[end] ?? 0 };
}
