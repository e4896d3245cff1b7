import { type Diagnostic as FlyDiagnostic, type TextEdit as FlyEdit, maskSecrets } from '@polar-gosling/fly';
import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Range,
  TextEdit,
} from 'vscode-languageserver';
import { rangeOf, toRange } from '../positions.ts';
import type { Snapshot } from '../snapshot.ts';
import { toLsp } from './diagnostics.ts';

/** All safe fixes of a file at once, for "fix on save". */
export const fixAllKind = `${CodeActionKind.SourceFixAll}.fly`;

/** The fixes of the diagnostics in a range, and `source.fixAll.fly`. */
export function codeActions(
  snapshot: Snapshot,
  { range, context }: Pick<CodeActionParams, 'range' | 'context'>,
): CodeAction[] {
  const isWanted = (kind: string) =>
    context.only === undefined || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
  const quickFixes = isWanted(CodeActionKind.QuickFix) ? fixesIn(snapshot, range) : [];
  const all = isWanted(fixAllKind) ? fixAll(snapshot) : undefined;
  return all === undefined ? quickFixes : [...quickFixes, all];
}

function fixesIn(snapshot: Snapshot, range: Range): CodeAction[] {
  return snapshot.diagnostics
    .filter(
      (diagnostic) =>
        diagnostic.fixes.length > 0 && touches(rangeOf(snapshot.source, diagnostic.range), range),
    )
    .flatMap((diagnostic) => fixesOf(snapshot, diagnostic));
}

function fixesOf(snapshot: Snapshot, diagnostic: FlyDiagnostic): CodeAction[] {
  return diagnostic.fixes.map(({ title, safety, edits }) => ({
    title: maskSecrets(title),
    kind: CodeActionKind.QuickFix,
    diagnostics: [toLsp(snapshot, diagnostic)],
    ...(safety === 'safe' && { isPreferred: true }),
    edit: { changes: { [snapshot.source.uri]: toTextEdits(snapshot, edits) } },
  }));
}

function fixAll(snapshot: Snapshot): CodeAction | undefined {
  const fixes = snapshot.diagnostics.flatMap((diagnostic) =>
    diagnostic.fixes.filter(({ safety }) => safety === 'safe'),
  );
  const edits = withoutOverlap(fixes.map((fix) => fix.edits));
  if (edits.length === 0) return undefined;
  return {
    title: 'Fix everything that is safe to fix',
    kind: fixAllKind,
    edit: { changes: { [snapshot.source.uri]: toTextEdits(snapshot, edits) } },
  };
}

/** A fix is taken whole or not at all; what is left out is offered again after the others are applied. */
function withoutOverlap(fixes: readonly (readonly FlyEdit[])[]): FlyEdit[] {
  const taken: FlyEdit[] = [];
  for (const edits of fixes) {
    const isFree = edits.every((edit) =>
      taken.every((other) => edit.end < other.start || edit.start > other.end),
    );
    if (isFree) taken.push(...edits);
  }
  return taken;
}

function toTextEdits({ source }: Snapshot, edits: readonly FlyEdit[]): TextEdit[] {
  return edits.map((edit) => TextEdit.replace(toRange(source, edit), edit.text));
}

function touches(a: Range, b: Range): boolean {
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

function isBefore(a: Range['start'], b: Range['start']): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}
