import { applyEdits } from '../syntax/edit.ts';
import type { Diagnostic, Fix } from './diagnostic.ts';
import type { TextEdit } from './sink.ts';

/** A diagnostic whose safe fix was applied. */
export interface AppliedFix {
  readonly diagnostic: Diagnostic;
  readonly fix: Fix;
}

export interface FixedText {
  readonly text: string;
  readonly applied: readonly AppliedFix[];
}

/**
 * Applies the safe fixes of one file's diagnostics, each whole or not at all: of two that touch the same place the
 * first is taken, and the other comes with the next check.
 */
export function applySafeFixes(text: string, diagnostics: readonly Diagnostic[]): FixedText {
  const applied: AppliedFix[] = [];
  const edits: TextEdit[] = [];
  for (const diagnostic of diagnostics) {
    const fix = diagnostic.fixes.find(({ safety }) => safety === 'safe');
    if (fix === undefined || fix.edits.some((edit) => edits.some((other) => doTouch(edit, other)))) continue;
    applied.push({ diagnostic, fix });
    edits.push(...fix.edits);
  }
  return { text: applied.length === 0 ? text : applyEdits(text, edits), applied };
}

function doTouch(a: TextEdit, b: TextEdit): boolean {
  return a.start <= b.end && b.start <= a.end;
}
