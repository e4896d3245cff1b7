import { readFile } from 'node:fs/promises';

interface ErrorText {
  /** Of the HTTP answer; absent: it is told, and not thrown. */
  readonly http?: number;
  readonly meaning: string;
  readonly todo: string;
}

/** What docs/errors.md says of each error code; a test of the repository writes the file from there. */
export async function readErrorCodes(): Promise<Readonly<Record<string, ErrorText>>> {
  return JSON.parse(await readFile(new URL('error-codes.json', import.meta.url), 'utf8'));
}

/** The section of a code as text. */
export function explainError(code: string, { http, meaning, todo }: ErrorText): string {
  const status = http === undefined ? '' : ` (HTTP ${http})`;
  return [`${code}${status}: ${meaning}`, '', `What to do: ${todo}`].join('\n');
}
