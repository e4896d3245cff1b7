import type { Style } from './style.ts';
import { cleanLine, clipLine, displayWidth, padLine } from './text.ts';

export interface TableOptions {
  readonly style: Style;
  /** Width of the terminal; absent: nothing is cut. */
  readonly columns: number | undefined;
}

const gap = '  ';
const narrowest = 10;

/** Aligned columns under a header; on a terminal the last column is cut to its width. */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const cells = rows.map((row) => row.map(cleanLine));
  const widths = header.map((title, column) =>
    Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[column] ?? ''))),
  );
  const line = (row: readonly string[]) => {
    const padded = row.map((cell, column) =>
      column === row.length - 1 ? cell : padLine(cell, widths[column] ?? 0),
    );
    const text = padded.join(gap);
    return options.columns === undefined ? text : clipLine(text, Math.max(narrowest, options.columns));
  };
  return [options.style('bold', line(header)), ...cells.map(line)].join('\n');
}
