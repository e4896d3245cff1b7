import type { ParsedFile } from '../parse-fly.ts';

/** The text of a parsed file from its tokens: byte for byte what was read. */
export function printText(parsed: Pick<ParsedFile, 'text' | 'tokens'>): string {
  const { count, starts } = parsed.tokens;
  const pieces: string[] = [];
  for (let token = 0; token < count; token++) {
    pieces.push(parsed.text.slice(starts[token], starts[token + 1]));
  }
  return pieces.join('');
}
