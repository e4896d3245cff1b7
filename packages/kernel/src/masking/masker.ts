import { revealOf, type Secret } from '../secret.ts';
import { createLiteralIndex, type Range } from './literal-index.ts';
import { maskErrors } from './mask-errors.ts';
import { createMaskStream, type MaskStream } from './mask-stream.ts';
import { leastNeedleLength, needlesOf } from './needles.ts';
import { findPatterns, findPatternsWhole } from './patterns.ts';

const shown = '***MASKED***';

/**
 * Knows the live secret values, and what is secret by its form. Everything that leaves the process — log, error,
 * output of a child, HTTP answer — goes through one masker.
 */
export interface Masker {
  /** From now on the value is masked, also encoded. SECRET_TOO_SHORT below 8 characters. */
  add(secret: Secret | string): void;
  /** The value is no secret any more; what was added twice is removed twice. */
  remove(secret: Secret | string): void;
  mask(text: string): string;
  /** For text that comes in chunks: a value cut by a border is found all the same. */
  stream(): MaskStream;
}

export function createMasker(): Masker {
  const literals = createLiteralIndex();
  const rangesIn = (text: string) => joinOverlapping([...literals.find(text), ...findPatterns(text)]);
  const wholeIn = (text: string) => joinOverlapping([...literals.find(text), ...findPatternsWhole(text)]);
  const mask = (text: string) => replaceRanges(text, rangesIn(text));
  return {
    add(secret) {
      const value = revealOf(secret);
      if (value.length < leastNeedleLength) throw maskErrors.tooShort({ least: leastNeedleLength });
      for (const needle of needlesOf(value)) literals.add(needle);
    },
    remove(secret) {
      for (const needle of needlesOf(revealOf(secret))) literals.remove(needle);
    },
    mask,
    stream: () =>
      createMaskStream({ mask, shown, wholeIn, partialStart: (text) => literals.partialStart(text) }),
  };
}

/** Ranges in order, those that overlap as one: no part of either shows. */
function joinOverlapping(ranges: readonly Range[]): readonly Range[] {
  const joined: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last === undefined || range.start >= last.end) joined.push(range);
    else joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return joined;
}

function replaceRanges(text: string, ranges: readonly Range[]): string {
  let masked = '';
  let done = 0;
  for (const { start, end } of ranges) {
    masked += text.slice(done, start) + shown;
    done = end;
  }
  return masked + text.slice(done);
}
