import { runs } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { type Break, firstBreaks, moreBreaks } from './breaks.ts';
import { makeEgg } from './eggs.ts';
import { hurriedBreaks } from './hurried-breaks.ts';
import { makeHurried } from './hurried-files.ts';
import { check, type Maker, type Sample, summarize, tryBreak, tryFiveOfTwenty } from './measure.ts';
import { createRandom } from './random.ts';

const seed = 20_260_611;
const perKind = runs(120);
const corpora: readonly Corpus[] = [
  { name: 'Eggs', make: makeEgg, breaks: { ...firstBreaks, ...moreBreaks } },
  { name: 'blocks of somebody in a hurry', make: makeHurried, breaks: hurriedBreaks },
];

interface Corpus {
  readonly name: string;
  readonly make: Maker;
  readonly breaks: Readonly<Record<string, Break>>;
}

function breakAll({ make, breaks }: Corpus): (readonly [string, readonly Sample[]])[] {
  return Object.entries(breaks).map(([kind, one], index) => [
    kind,
    tryBreak(one, { count: perKind, seed: seed + index, make }),
  ]);
}

function tableOf(byKind: readonly (readonly [string, readonly Sample[]])[], all: readonly Sample[]): string {
  const rows = [...byKind, ['ALL', all] as const].map(([kind, samples]) => {
    const shares = Object.values(summarize(samples)).map((share) => share.toFixed(1).padStart(9));
    return `${kind.padEnd(38)}${String(samples.length).padStart(6)}${shares.join('')}`;
  });
  const head = ['found %', 'one %', 'line %', 'exact %', 'blamed %', 'advice %'];
  return [`${'mistake'.padEnd(38)}     n${head.map((cell) => cell.padStart(9)).join('')}`, ...rows].join(
    '\n',
  );
}

describe.each(corpora)('diagnostics of broken $name', (corpus) => {
  const byKind = breakAll(corpus);
  const all = byKind.flatMap(([, samples]) => samples);

  it('come from a corpus of healthy texts without a finding', () => {
    const random = createRandom(seed);
    const texts = Array.from({ length: runs(1000) }, (_, index) => corpus.make(random, index));

    expect(check(texts.join('\n'))).toEqual([]);
  });

  it.each(byKind)('find, once and at its place: %s', (_kind, samples) => {
    const { detected } = summarize(samples);

    expect(samples.length).toBeGreaterThanOrEqual(100);
    expect(detected).toBeGreaterThanOrEqual(99);
  });

  it('reach the goal over all kinds', ({ annotate }) => {
    const table = tableOf(byKind, all);
    void annotate(table);
    const shares = summarize(all);

    expect(shares.detected, table).toBeGreaterThanOrEqual(99);
    expect(shares.one, table).toBeGreaterThanOrEqual(97);
    expect(shares.line, table).toBeGreaterThanOrEqual(99);
    expect(shares.exact, table).toBeGreaterThanOrEqual(95);
    expect(shares.blamed, table).toBe(0);
    expect(shares.advice, table).toBeGreaterThanOrEqual(75);
  });

  it('P5: report five mistakes in five of twenty, little else, and nothing in the others', () => {
    const random = createRandom(seed);
    const breaks = Object.values(corpus.breaks);
    const trials = Array.from({ length: perKind }, () => tryFiveOfTwenty(breaks, corpus.make, random));
    const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

    expect(trials.filter(({ blamed }) => blamed > 0)).toEqual([]);
    expect(mean(trials.map(({ reported }) => reported))).toBeGreaterThanOrEqual(4.85);
    expect(mean(trials.map(({ diagnostics }) => diagnostics))).toBeLessThanOrEqual(5.5);
  });
});
