import { checkFly } from '../check/check-fly.ts';
import type { Diagnostic } from '../diag/diagnostic.ts';
import { parseFly } from '../parse-fly.ts';
import { LineIndex } from '../syntax/lines.ts';
import type { Break } from './breaks.ts';
import { createRandom, type Random } from './random.ts';

/** What became of one mistake. */
export interface Sample {
  readonly text: string;
  readonly found: readonly Diagnostic[];
  readonly isOnLine: boolean;
  readonly isExact: boolean;
  /** Diagnostics in Eggs that nothing is wrong with. */
  readonly blamed: number;
  readonly hasAdvice: boolean;
}

/** Eggs of a file: the broken one stands between healthy ones. */
const around = 2;

export function check(text: string): readonly Diagnostic[] {
  return checkFly(parseFly(text)).diagnostics;
}

/** Makes a valid block; each is different. */
export type Maker = (random: Random, index: number) => string;

export interface Trial {
  /** How many texts are broken. */
  readonly count: number;
  readonly seed: number;
  readonly make: Maker;
}

/** Breaks so many generated texts in one way; a text that has no place for it is passed over. */
export function tryBreak(breakText: Break, { count, seed, make }: Trial): Sample[] {
  const random = createRandom(seed);
  const samples: Sample[] = [];
  for (let tries = 0; samples.length < count && tries < 20 * count; tries++) {
    const sample = breakOne(breakText, make, random);
    if (sample !== undefined) samples.push(sample);
  }
  return samples;
}

function breakOne(breakEgg: Break, make: Maker, random: Random): Sample | undefined {
  const before = Array.from({ length: around }, (_, index) => make(random, index)).join('\n');
  const egg = make(random, around);
  const after = Array.from({ length: around }, (_, index) => make(random, index + around + 1)).join('\n');
  const broken = breakEgg(egg, random);
  if (broken === undefined) return undefined;
  const start = before.length + 1;
  const text = `${before}\n${broken.text}\n${after}`;
  const found = check(text);
  const lines = new LineIndex(text);
  const [from, to] = [start + broken.from, start + broken.to];
  const places = found.map(({ range }) => offsetOf(lines, text, range.start));
  return {
    text,
    found,
    isOnLine: places.some(
      (place) => lines.lineOf(place) >= lines.lineOf(from) && lines.lineOf(place) <= lines.lineOf(to - 1),
    ),
    isExact: places.some((place) => place >= from && place < to),
    blamed: places.filter((place) => place < start || place > start + broken.text.length).length,
    hasAdvice: found.some(({ fixes, message }) => fixes.length > 0 || message.includes('did you mean')),
  };
}

/** The columns count code points; the corpus is ASCII. */
function offsetOf(
  lines: LineIndex,
  text: string,
  { line, col }: { readonly line: number; readonly col: number },
): number {
  return Math.min(text.length, lines.startOf(line - 1) + col - 1);
}

/** Shares in percent over some samples. */
export function summarize(samples: readonly Sample[]) {
  const share = (isIn: (sample: Sample) => boolean) =>
    (100 * samples.filter(isIn).length) / Math.max(1, samples.length);
  return {
    detected: share(({ found }) => found.length > 0),
    one: share(({ found }) => found.length === 1),
    line: share(({ isOnLine }) => isOnLine),
    exact: share(({ isExact }) => isExact),
    blamed: share(({ blamed }) => blamed > 0),
    advice: share(({ hasAdvice }) => hasAdvice),
  };
}

/**
 * Twenty Eggs, mistakes in five of them: how many of the five are reported, how many diagnostics there are, and how
 * many of these stand in Eggs that nothing is wrong with.
 */
export function tryFiveOfTwenty(breaks: readonly Break[], make: Maker, random: Random) {
  const eggs = Array.from({ length: 20 }, (_, index) => ({ text: make(random, index), isBroken: false }));
  for (const egg of random.shuffle(eggs).slice(0, 5)) {
    const broken = random
      .shuffle(breaks)
      .map((one) => one(egg.text, random))
      .find((one) => one !== undefined);
    Object.assign(egg, { text: broken?.text ?? egg.text, isBroken: true });
  }
  const found = check(eggs.map(({ text }) => text).join('\n'));
  let line = 1;
  const foundIn = eggs.map((egg) => {
    const first = line;
    line += egg.text.split('\n').length;
    const within = found.filter(({ range }) => range.start.line >= first && range.start.line < line);
    return { isBroken: egg.isBroken, count: within.length };
  });
  return {
    reported: foundIn.filter(({ isBroken, count }) => isBroken && count > 0).length,
    diagnostics: found.length,
    blamed: foundIn.reduce((sum, { isBroken, count }) => sum + (isBroken ? 0 : count), 0),
  };
}
