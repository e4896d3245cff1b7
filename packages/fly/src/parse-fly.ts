import { type DiagnosisOptions, type Diagnostic, toDiagnostic, toDiagnostics } from './diag/diagnostic.ts';
import type { Sink } from './diag/sink.ts';
import type { Position } from './syntax/lines.ts';
import { parseText } from './syntax/parse.ts';
import type { FileNode, Tokens } from './syntax/tree.ts';

/** A file that was read: whatever its text is, `printText` of it gives the text back. */
export interface ParsedFile {
  /** Path inside the Nest, for diagnostics and provenance. */
  readonly file: string;
  readonly text: string;
  readonly tokens: Tokens;
  readonly tree: FileNode;
  /** What is wrong with its characters and structure; `checkFly` repeats them. */
  readonly diagnostics: readonly Diagnostic[];
  /** Findings of this phase, for the checker. */
  readonly sink: Sink;
}

export interface ParseOptions {
  /** Path inside the Nest. */
  readonly file?: string;
  /** Size of the file as one of a Nest: over 1 MiB it is refused, whatever of its text is given. */
  readonly bytesInNest?: number;
}

/** Reads a Fly text: never throws, reports everything at once (at most 200 findings a file). */
export function parseFly(text: string, options: ParseOptions = {}): ParsedFile {
  const file = options.file ?? 'input.fly';
  const { tokens, tree, sink } = parseText(text, options.bytesInNest);
  const diagnostics =
    sink.findings.length === 0 ? [] : toDiagnostics({ file, lines: sink.lines }, sink.findings);
  return { file, text, tokens, tree, diagnostics, sink };
}

/** A diagnostic about a place of this file, for checks that need more than one file. */
export function diagnose(parsed: ParsedFile, options: DiagnosisOptions): Diagnostic {
  return toDiagnostic({ file: parsed.file, lines: parsed.sink.lines }, options);
}

/** Line, column and byte of an offset. */
export function positionOf(parsed: ParsedFile, offset: number): Position {
  return parsed.sink.lines.positionOf(offset);
}
