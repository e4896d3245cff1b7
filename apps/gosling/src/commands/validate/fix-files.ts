import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type AppliedFix, applySafeFixes, type Diagnostic } from '@polar-gosling/fly';
import { isWritable, type NestText } from '../../nest-files.ts';
import type { Selection } from './select-files.ts';

/** A fix may uncover what the next one needs; far more rounds than any file has taken. */
const mostRounds = 10;

export interface FixedFiles {
  readonly files: readonly NestText[];
  readonly diagnostics: readonly Diagnostic[];
  readonly applied: readonly AppliedFix[];
}

/** Applies the safe fixes of the chosen files until none is left, and writes what has changed. */
export async function fixFiles(
  { base, files, isChosen }: Selection,
  check: (files: readonly NestText[]) => readonly Diagnostic[],
): Promise<FixedFiles> {
  const applied: AppliedFix[] = [];
  let fixed = files;
  let diagnostics = check(fixed);
  for (let round = 0; round < mostRounds; round++) {
    const before = applied.length;
    fixed = fixed.map((file) => {
      if (!isChosen(file.path) || !isWritable(file)) return file;
      const own = diagnostics.filter((diagnostic) => diagnostic.file === file.path);
      const result = applySafeFixes(file.text, own);
      applied.push(...result.applied);
      return { ...file, text: result.text };
    });
    if (applied.length === before) break;
    diagnostics = check(fixed);
  }
  for (const [index, { path: name, text }] of fixed.entries()) {
    if (files[index]?.text !== text) await writeFile(path.join(base, name), text);
  }
  return { files: fixed, diagnostics, applied };
}
