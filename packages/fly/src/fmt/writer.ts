const indentText = '  ';
/** Comments of neighbouring lines are aligned unless their columns are further apart. */
const widestSpread = 40;

interface Row {
  readonly depth: number;
  text: string;
  comment: string;
  /** Text that is kept byte for byte, indentation included. */
  readonly isVerbatim: boolean;
}

/** Collects rows and prints them, the comments behind neighbouring ones aligned. */
export class Writer {
  readonly #rows: Row[] = [];
  #row: Row | undefined;

  get isLineOpen(): boolean {
    return this.#row !== undefined;
  }

  get isLineEmpty(): boolean {
    return this.#row === undefined || this.#row.text === '';
  }

  get indent(): string {
    return indentText.repeat(this.#row?.depth ?? 0);
  }

  start(depth: number): void {
    this.#row = { depth, text: '', comment: '', isVerbatim: false };
    this.#rows.push(this.#row);
  }

  endLine(): void {
    this.#row = undefined;
  }

  /** An empty line, unless the last one is empty or nothing was written. */
  blankLine(): void {
    const last = this.#rows.at(-1);
    if (last !== undefined && (last.text !== '' || last.comment !== '')) {
      this.#rows.push({ depth: 0, text: '', comment: '', isVerbatim: false });
    }
  }

  append(text: string): void {
    if (this.#row !== undefined) this.#row.text += text;
  }

  comment(text: string): void {
    if (this.#row !== undefined) this.#row.comment = text;
  }

  verbatim(text: string): void {
    this.#rows.push({ depth: 0, text, comment: '', isVerbatim: true });
    this.#row = undefined;
  }

  print(): string {
    const lines: string[] = [];
    for (let from = 0; from < this.#rows.length; ) {
      const to = this.#endOfRun(from);
      const run = this.#rows.slice(from, to);
      const column = commentColumn(run);
      for (const row of run) lines.push(printRow(row, column));
      from = to;
    }
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  /** Neighbouring rows with comments behind them, at one depth; else a single row. */
  #endOfRun(from: number): number {
    const first = this.#rows[from];
    if (first === undefined || !isAligned(first)) return from + 1;
    let to = from + 1;
    for (let row = this.#rows[to]; row?.depth === first.depth && isAligned(row); row = this.#rows[to]) to++;
    return to;
  }
}

function isAligned(row: Row): boolean {
  const isPlain = !row.isVerbatim && row.text !== '' && !row.comment.includes('\n');
  return isPlain && row.comment !== '' && !/[{[\n]$/.test(row.text);
}

function commentColumn(run: readonly Row[]): number {
  let widest = 0;
  let narrowest = Number.MAX_SAFE_INTEGER;
  for (const row of run) {
    widest = Math.max(widest, row.text.length);
    narrowest = Math.min(narrowest, row.text.length);
  }
  return run.length > 1 && widest - narrowest <= widestSpread ? widest : 0;
}

function printRow(row: Row, column: number): string {
  if (row.isVerbatim) return row.text;
  if (row.text === '' && row.comment === '') return '';
  const indent = indentText.repeat(row.depth);
  if (row.comment === '') return `${indent}${row.text}`;
  return `${indent}${row.text.padEnd(column)}  ${row.comment}`;
}
