import type { LineIndex, Range } from '../syntax/lines.ts';
import type { Span } from '../syntax/tree.ts';
import { codes, type FlyCode, type Severity } from './codes.ts';
import type { Finding, FixSafety, TextEdit } from './sink.ts';

/** One edit of a fix: by offsets (UTF-16, exclusive end) and by positions. */
export interface FixEdit extends TextEdit {
  readonly range: Range;
}

export interface Fix {
  readonly title: string;
  readonly safety: FixSafety;
  readonly edits: readonly FixEdit[];
}

export interface RelatedPlace {
  readonly message: string;
  readonly file: string;
  readonly range: Range;
}

/** One thing that is wrong with a file, or worth knowing about it. */
export interface Diagnostic {
  readonly code: FlyCode;
  readonly severity: Severity;
  readonly message: string;
  readonly file: string;
  readonly range: Range;
  /** What it is about, as `egg.my-app.runner.concurrent`. */
  readonly path?: string;
  readonly notes: readonly string[];
  readonly related: readonly RelatedPlace[];
  readonly fixes: readonly Fix[];
  /** The environments it occurs in, where several were checked. */
  readonly envs?: readonly string[];
  /** Of the last one that is kept of a file: how many more there are. */
  readonly omitted?: number;
}

/** What `diagnose` needs: the file, the code, the place and what to say. */
export interface DiagnosisOptions {
  readonly code: FlyCode;
  readonly span: Span;
  readonly message: string;
  readonly path?: string;
  readonly notes?: readonly string[];
  readonly related?: readonly RelatedPlace[];
  readonly fixes?: readonly {
    readonly title: string;
    readonly safety: FixSafety;
    readonly edits: readonly TextEdit[];
  }[];
}

interface Place {
  readonly file: string;
  readonly lines: LineIndex;
}

/** Makes a diagnostic with positions from offsets. */
export function toDiagnostic(place: Place, options: DiagnosisOptions): Diagnostic {
  const { code, span, message, path, notes = [], related = [], fixes = [] } = options;
  return {
    code,
    severity: codes[code].severity,
    message,
    file: place.file,
    range: place.lines.rangeOf(span),
    ...(path !== undefined && { path }),
    notes,
    related,
    fixes: fixes.map((fix) => ({
      ...fix,
      edits: fix.edits.map((edit) => ({ ...edit, range: place.lines.rangeOf(edit) })),
    })),
  };
}

/** The findings of one file, in the order of their places. */
export function toDiagnostics(place: Place, findings: readonly Finding[]): Diagnostic[] {
  const sorted = findings.toSorted(compare);
  return sorted
    .filter((finding, index) => index === 0 || !isSame(finding, sorted[index - 1]))
    .map(({ start, end, related = [], ...finding }) =>
      toDiagnostic(place, {
        ...finding,
        span: { start, end },
        related: related.map((other) => ({
          message: other.message,
          file: place.file,
          range: place.lines.rangeOf(other),
        })),
      }),
    );
}

function compare(a: Finding, b: Finding): number {
  return a.start - b.start || a.end - b.end || Number(a.code > b.code) - Number(a.code < b.code);
}

/** Two phases may read the same value; what both find is said once. */
function isSame(a: Finding, b: Finding | undefined): boolean {
  return a.start === b?.start && a.end === b.end && a.code === b.code && a.message === b.message;
}
