import { Node, Token } from '../syntax/kinds.ts';
import type { SyntaxResult } from '../syntax/parse.ts';

/** Tokens `from` … `to` (exclusive) that are printed as they are, because something in them is broken. */
export interface VerbatimRange {
  readonly from: number;
  readonly to: number;
}

interface RowRange {
  first: number;
  last: number;
  isBroken: boolean;
}

/** The lines of every top-level item with a syntax error, and lines with an error outside of all items. */
export function findVerbatim(result: SyntaxResult): VerbatimRange[] {
  const { tokens, tree, sink } = result;
  if (sink.findings.length === 0) return [];
  const rows = countRows(tokens.kinds, tokens.count);
  const rowOf = (offset: number) => rows[tokenAt(tokens.starts, tokens.count, offset)] ?? 0;
  const ranges: RowRange[] = [
    ...tree.items.map((item) => ({
      first: rows[item.at] ?? 0,
      last: rows[Math.max(item.at, item.end - 1)] ?? 0,
      isBroken: item.kind === Node.badItem || (item.kind === Node.block && (item.isBroken || item.close < 0)),
    })),
    ...sink.findings.map((finding) => ({
      first: rowOf(finding.start),
      last: rowOf(Math.max(finding.start, finding.end - 1)),
      isBroken: true,
    })),
  ];
  return mergeRows(ranges)
    .filter((range) => range.isBroken)
    .map((range) => ({ from: firstToken(rows, range.first), to: lastToken(rows, range.last) }));
}

/** Row of each token: what follows a line end is the next row. */
function countRows(kinds: Uint8Array, count: number): Int32Array {
  const rows = new Int32Array(count);
  let row = 0;
  for (let token = 0; token < count; token++) {
    rows[token] = row;
    if (kinds[token] === Token.newline) row++;
  }
  return rows;
}

/** Joins ranges that share a row; a joined range is broken when one of them is. */
function mergeRows(ranges: readonly RowRange[]): RowRange[] {
  const merged: RowRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first || b.last - a.last)) {
    const last = merged.at(-1);
    if (last !== undefined && range.first <= last.last) {
      last.last = Math.max(last.last, range.last);
      last.isBroken ||= range.isBroken;
    } else merged.push({ ...range });
  }
  return merged;
}

function tokenAt(starts: Int32Array, count: number, offset: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function firstToken(rows: Int32Array, row: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] ?? 0) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The line end (or the end of the text) that ends the row. */
function lastToken(rows: Int32Array, row: number): number {
  return firstToken(rows, row + 1) - 1;
}
