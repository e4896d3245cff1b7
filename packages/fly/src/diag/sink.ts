import { LineIndex } from '../syntax/lines.ts';
import type { FlyCode } from './codes.ts';

/** `safe`: applied by `--fix`; `suggested`: a person decides; `placeholder`: has a hole to fill. */
export type FixSafety = 'safe' | 'suggested' | 'placeholder';

/** Replaces `start` … `end` (UTF-16 offsets) by `text`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface FixFinding {
  readonly title: string;
  readonly safety: FixSafety;
  readonly edits: readonly TextEdit[];
}

/** What a phase found, by offsets; positions are added when it is shown. */
export interface Finding {
  readonly code: FlyCode;
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly path?: string;
  readonly notes?: readonly string[];
  readonly related?: readonly { readonly start: number; readonly end: number; readonly message: string }[];
  readonly fixes?: readonly FixFinding[];
}

/** Beyond this number findings are only counted. */
export const findingsPerFile = 200;

/** Collects the findings of all phases of one file; phases never stop each other. */
export class Sink {
  readonly findings: Finding[] = [];
  /** Findings beyond the cap. */
  omitted = 0;
  readonly #text: string;
  #lines: LineIndex | undefined;
  readonly #troubled = new Set<number>();

  constructor(text: string, from?: Sink) {
    this.#text = text;
    if (from === undefined) return;
    this.findings.push(...from.findings);
    this.omitted = from.omitted;
    this.#lines = from.#lines;
    this.#troubled = new Set(from.#troubled);
  }

  get lines(): LineIndex {
    this.#lines ??= new LineIndex(this.#text);
    return this.#lines;
  }

  /** No more findings are kept: costly advice need not be computed. */
  get isFull(): boolean {
    return this.findings.length >= findingsPerFile;
  }

  get total(): number {
    return this.findings.length + this.omitted;
  }

  add(finding: Finding): void {
    this.#troubled.add(this.lines.lineOf(finding.start));
    if (this.isFull) this.omitted++;
    else this.findings.push(finding);
  }

  /** Was something reported on the line of this offset? Then a consequence of it stays unsaid. */
  hasTroubleAt(offset: number): boolean {
    return this.#troubled.size > 0 && this.#troubled.has(this.lines.lineOf(offset));
  }
}
