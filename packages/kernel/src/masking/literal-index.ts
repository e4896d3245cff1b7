import { leastNeedleLength } from './needles.ts';

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Finds many literal texts at once: one pass with a rolling hash of the first eight characters. */
export interface LiteralIndex {
  readonly size: number;
  add(needle: string): void;
  remove(needle: string): void;
  /** Every place where a needle stands, longest per start, in order; ranges may overlap. */
  find(text: string): Range[];
  /** First place from which the rest of the text could be the beginning of a needle; the length when there is none. */
  partialStart(text: string): number;
}

/** Needles that begin alike: many tokens of one kind do, and they are as long as one another. */
interface Candidates {
  readonly needles: readonly string[];
  /** Longest first. */
  readonly byLength: readonly { readonly length: number; readonly needles: ReadonlySet<string> }[];
}

const base = 31;
/** `base ** (leastNeedleLength - 1)` in 32-bit arithmetic: what the leaving character counts for. */
const leaving = powers(leastNeedleLength - 1);

export function createLiteralIndex(): LiteralIndex {
  const counts = new Map<string, number>();
  const byHash = new Map<number, Candidates>();
  const beginnings = new Map<string, number>();

  return {
    get size() {
      return counts.size;
    },
    add(needle) {
      counts.set(needle, (counts.get(needle) ?? 0) + 1);
      if (counts.get(needle) !== 1) return;
      const hash = hashOf(needle, 0);
      byHash.set(hash, candidatesOf([...(byHash.get(hash)?.needles ?? []), needle]));
      for (const beginning of beginningsOf(needle)) {
        beginnings.set(beginning, (beginnings.get(beginning) ?? 0) + 1);
      }
    },
    remove(needle) {
      const count = counts.get(needle);
      if (count === undefined) return;
      if (count > 1) {
        counts.set(needle, count - 1);
        return;
      }
      counts.delete(needle);
      const hash = hashOf(needle, 0);
      const rest = (byHash.get(hash)?.needles ?? []).filter((other) => other !== needle);
      if (rest.length > 0) byHash.set(hash, candidatesOf(rest));
      else byHash.delete(hash);
      for (const beginning of beginningsOf(needle)) decrement(beginnings, beginning);
    },
    find(text) {
      const ranges: Range[] = [];
      eachWindow(text, (start, hash) => {
        const candidates = byHash.get(hash);
        const length = candidates === undefined ? 0 : longestAt(candidates, text, start);
        if (length > 0) ranges.push({ start, end: start + length });
        return true;
      });
      return ranges;
    },
    partialStart(text) {
      let found = text.length;
      eachWindow(text, (start, hash) => {
        const candidates = byHash.get(hash);
        if (candidates?.needles.some((needle) => isBeginning(needle, text, start))) found = start;
        return found === text.length;
      });
      if (found < text.length) return found;
      const firstShort = Math.max(0, text.length - leastNeedleLength + 1);
      for (let start = firstShort; start < text.length; start++) {
        if (beginnings.has(text.slice(start))) return start;
      }
      return text.length;
    },
  };
}

function candidatesOf(needles: readonly string[]): Candidates {
  const lengths = [...new Set(needles.map(({ length }) => length))].toSorted((a, b) => b - a);
  const byLength = lengths.map((length) => ({
    length,
    needles: new Set(needles.filter((needle) => needle.length === length)),
  }));
  return { needles, byLength };
}

/** One look for each length, not for each needle. */
function longestAt({ byLength }: Candidates, text: string, start: number): number {
  for (const { length, needles } of byLength) {
    if (start + length <= text.length && needles.has(text.slice(start, start + length))) return length;
  }
  return 0;
}

/** Calls `visit` with each place that has eight characters, and their hash, until it answers `false`. */
function eachWindow(text: string, visit: (start: number, hash: number) => boolean): void {
  if (text.length < leastNeedleLength) return;
  let hash = hashOf(text, 0);
  for (let start = 0; ; start++) {
    if (!visit(start, hash)) return;
    const entering = start + leastNeedleLength;
    if (entering >= text.length) return;
    const rest = (hash - Math.imul(text.charCodeAt(start), leaving)) | 0;
    hash = (Math.imul(rest, base) + text.charCodeAt(entering)) | 0;
  }
}

function hashOf(text: string, start: number): number {
  let hash = 0;
  for (let place = start; place < start + leastNeedleLength; place++) {
    hash = (Math.imul(hash, base) + text.charCodeAt(place)) | 0;
  }
  return hash;
}

function powers(exponent: number): number {
  let result = 1;
  for (let step = 0; step < exponent; step++) result = Math.imul(result, base);
  return result;
}

/** Is the text from `start` to its end a proper beginning of the needle? */
function isBeginning(needle: string, text: string, start: number): boolean {
  return needle.length > text.length - start && needle.startsWith(text.slice(start));
}

function beginningsOf(needle: string): string[] {
  return Array.from({ length: leastNeedleLength - 1 }, (_, place) => needle.slice(0, place + 1));
}

function decrement(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
