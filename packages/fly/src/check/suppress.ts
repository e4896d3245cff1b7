import { type CodeEntry, codes, isFlyCode } from '../diag/codes.ts';
import type { Diagnostic } from '../diag/diagnostic.ts';
import { findingsPerFile } from '../diag/sink.ts';
import { diagnose, type ParsedFile } from '../parse-fly.ts';
import { Token } from '../syntax/kinds.ts';
import type { Span } from '../syntax/tree.ts';

/** The diagnostics of one file alone, or those that need all files of the Nest. */
export type Phase = 'file' | 'nest';

interface Suppression {
  readonly code: string;
  readonly reason: string;
  readonly span: Span;
  /** The line it speaks of, from 1: the next one that holds more than blanks and comments. */
  readonly line: number;
}

const form = /^(?:#|\/\/)\s*fly:allow\b[ \t]*(\S*)[ \t]*(.*)$/;

/**
 * Takes out what `# fly:allow CODE reason` on the line before allows, and reports suppressions that allow
 * nothing. Run once per phase, because only all findings of a phase show which of them are unused.
 */
export function suppress(
  parsed: ParsedFile,
  diagnostics: readonly Diagnostic[],
  phase: Phase,
): readonly Diagnostic[] {
  if (!parsed.text.includes('fly:allow')) return diagnostics;
  const used = new Set<Suppression>();
  const suppressions = findSuppressions(parsed);
  const allowed = Map.groupBy(suppressions.filter(isGood), ({ code, line }) => placeOf(code, line));
  const kept = diagnostics.filter(({ code, range }) => {
    const found = allowed.get(placeOf(code, range.start.line)) ?? [];
    for (const one of found) used.add(one);
    return found.length === 0;
  });
  const idle = suppressions.filter((one) => phaseOf(one) === phase && !used.has(one));
  if (idle.length === 0) return kept;
  const room = Math.max(0, findingsPerFile - kept.length);
  const reports = idle
    .slice(0, room)
    .map((one) => diagnose(parsed, { code: 'FLY199', span: one.span, message: say(one) }));
  return [...kept, ...reports].toSorted((a, b) => a.range.start.byte - b.range.start.byte);
}

function placeOf(code: string, line: number): string {
  return `${code} ${line}`;
}

function findSuppressions({ text, tokens }: ParsedFile): Suppression[] {
  const done: Suppression[] = [];
  let open: Omit<Suppression, 'line'>[] = [];
  const lineOf = lineCounter(text);
  let isLineStart = true;
  for (let token = 0; token < tokens.count; token++) {
    const kind = tokens.kinds[token];
    if (kind === Token.newline) isLineStart = true;
    if (kind === Token.blank || kind === Token.newline) continue;
    const span = { start: tokens.starts[token] ?? 0, end: tokens.starts[token + 1] ?? text.length };
    if (kind === Token.comment) open.push(...(isLineStart ? readSuppression(text, span) : []));
    else if (open.length > 0) {
      const line = lineOf(span.start);
      done.push(...open.map((one) => ({ ...one, line })));
      open = [];
    }
    isLineStart = false;
  }
  return done;
}

function readSuppression(text: string, span: Span): Omit<Suppression, 'line'>[] {
  const match = form.exec(text.slice(span.start, span.end));
  return match === null ? [] : [{ code: match[1] ?? '', reason: (match[2] ?? '').trim(), span }];
}

/** Line numbers of offsets that only grow. */
function lineCounter(text: string): (at: number) => number {
  let line = 1;
  let from = 0;
  return (at) => {
    for (let next = text.indexOf('\n', from); next >= 0 && next < at; next = text.indexOf('\n', from)) {
      line++;
      from = next + 1;
    }
    return line;
  };
}

function isGood({ code, reason }: Suppression): boolean {
  return isFlyCode(code) && code >= 'FLY100' && code !== 'FLY199' && reason !== '';
}

/** A suppression that cannot work is reported with the findings of its file. */
function phaseOf(one: Suppression): Phase {
  if (!isGood(one) || !isFlyCode(one.code)) return 'file';
  const entry: CodeEntry = codes[one.code];
  return entry.phase ?? 'file';
}

function say(one: Suppression): string {
  if (!isFlyCode(one.code)) return `fly:allow needs a code: ${JSON.stringify(one.code)} is none`;
  if (one.code < 'FLY100' || one.code === 'FLY199') return `${one.code} cannot be allowed, only mended`;
  if (one.reason === '') return `say why: # fly:allow ${one.code} reason`;
  return `${one.code} is not found on the next line, so nothing has to be allowed`;
}
