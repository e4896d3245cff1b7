import {
  type AppliedFix,
  type Diagnostic,
  diagnosticsToGitlab,
  diagnosticsToJson,
  diagnosticsToSarif,
  maskSecrets,
  renderDiagnostics,
} from '@polar-gosling/fly';
import type { JsonObject } from '@polar-gosling/kernel';
import type { Output } from '../../output.ts';
import { goslingVersion } from '../../version.ts';

/** What was found in one Nest. */
export interface Findings {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
  /** Number of files that were asked for. */
  readonly count: number;
  /** Folder of the Nest inside its Git repository, with a slash behind it; empty where it is the repository. */
  readonly prefix: string;
}

/** Of text a person reads so many; the rest is counted. */
const mostShown = 1000;

type ToJson = (findings: Findings) => readonly JsonObject[];
const lists: Readonly<Record<string, ToJson>> = {
  json: ({ diagnostics, sources }) => diagnosticsToJson(diagnostics, { sources }),
  gitlab: ({ diagnostics, prefix }) => diagnosticsToGitlab(diagnostics, { prefix }),
};

/** Prints the findings of all Nests that were asked for. */
export function printDiagnostics(output: Output, format: string, all: readonly Findings[]): void {
  const toJson = lists[format];
  if (toJson !== undefined) output.json(all.flatMap(toJson));
  else if (format === 'sarif') output.json(toSarif(all));
  else printText(output, all);
}

function toSarif(all: readonly Findings[]): JsonObject {
  const logs = all.map(({ diagnostics, prefix }) =>
    diagnosticsToSarif(diagnostics, { prefix, toolVersion: goslingVersion }),
  );
  const runs = logs.flatMap(({ runs: own }) => (Array.isArray(own) ? own : []));
  return { ...logs[0], runs };
}

function printText(output: Output, all: readonly Findings[]): void {
  let room = mostShown;
  for (const { diagnostics, sources } of all) {
    const shown = diagnostics.slice(0, room);
    room -= shown.length;
    if (shown.length === 0) continue;
    output.data(renderDiagnostics(shown, { sources, color: output.stdout.hasColour }).trimEnd());
  }
  const every = all.flatMap(({ diagnostics }) => diagnostics);
  if (every.length > mostShown) output.data(`and ${every.length - mostShown} more`);
  const files = all.reduce((sum, { count }) => sum + count, 0);
  const errors = every.filter(({ severity }) => severity === 'error').length;
  const rest = every.length - errors;
  const warnings = rest === 0 ? '' : `, ${plural(rest, 'warning')}`;
  const omitted = every.reduce((sum, one) => sum + (one.omitted ?? 0), 0);
  const uncounted = omitted === 0 ? '' : `, ${omitted} more not looked into`;
  output.talk(`${plural(files, 'file')}: ${plural(errors, 'error')}${warnings}${uncounted}`);
  const [first] = every;
  if (first === undefined) return;
  const fixable = every.filter(({ fixes }) => fixes.some(({ safety }) => safety === 'safe')).length;
  const fix = fixable === 0 ? '' : `gosling validate --fix mends ${fixable} of them; `;
  output.talk(`Next: ${fix}gosling explain ${first.code} tells more`);
}

/** Says what `--fix` has changed. */
export function printFixes(output: Output, applied: readonly AppliedFix[]): void {
  for (const { diagnostic, fix } of applied) {
    const { line, col } = diagnostic.range.start;
    output.talk(`fixed ${diagnostic.file}:${line}:${col} ${diagnostic.code}: ${maskSecrets(fix.title)}`);
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
