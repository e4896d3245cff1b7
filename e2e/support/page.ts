import { readFileSync } from 'node:fs';

export interface ShellBlock {
  /** The nearest heading above. */
  readonly heading: string;
  readonly text: string;
}

/** The fenced `sh` blocks of a Markdown page, in order. */
export function shellBlocks(file: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let heading = '';
  let open: string[] | undefined;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (open !== undefined && line === '```') {
      blocks.push({ heading, text: `${open.join('\n')}\n` });
      open = undefined;
    } else if (open !== undefined) open.push(line);
    else if (line === '```sh') open = [];
    else if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
  }
  return blocks;
}

/** Puts the reader's own values where the page has placeholders: `NAME=…`. Every other line stays as it is. */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/^((?:export )?([A-Z_]+))=.*$/gm, (_line, start: string, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Error(`the page has a placeholder that the test does not know: ${name}`);
    return `${start}='${value.replaceAll("'", "'\\''")}'`;
  });
}
