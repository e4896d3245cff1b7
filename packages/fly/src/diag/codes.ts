import type { CodeEntry } from './codes/entry.ts';
import { meaningCodes } from './codes/meaning.ts';
import { schemaCodes } from './codes/schema.ts';
import { structureCodes } from './codes/structure.ts';
import { tokenCodes } from './codes/tokens.ts';

export type { CodeEntry, Severity } from './codes/entry.ts';

/** Every diagnostic of Fly. A code is never used again for something else. */
export const codes = { ...tokenCodes, ...structureCodes, ...schemaCodes, ...meaningCodes } as const;

export type FlyCode = keyof typeof codes;

export function isFlyCode(text: string): text is FlyCode {
  return Object.hasOwn(codes, text);
}

/** The page of a code as text: what it means, why, a wrong and a right example. */
export function explainCode(code: string): string | undefined {
  if (!isFlyCode(code)) return undefined;
  const entry: CodeEntry = codes[code];
  return [
    `${code} (${entry.severity}): ${entry.title}`,
    '',
    entry.why,
    '',
    'Wrong:',
    indent(entry.wrong),
    'Right:',
    indent(entry.right),
  ].join('\n');
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}
