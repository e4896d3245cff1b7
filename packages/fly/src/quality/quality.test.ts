import { runs } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { firstBreaks, moreBreaks } from './breaks.ts';
import { makeEgg } from './eggs.ts';
import { check, type Sample, summarize, tryBreak, tryFiveOfTwenty } from './measure.ts';
import { createRandom } from './random.ts';

const seed = 20_260_611;
const perKind = runs(120);
const breaks = { ...firstBreaks, ...moreBreaks };
const byKind = Object.entries(breaks).map(
  ([kind, one], index) => [kind, tryBreak(one, perKind, seed + index)] as const,
);
const all: readonly Sample[] = byKind.flatMap(([, samples]) => samples);

function tableOf(): string {
  const rows = [...byKind, ['ALL', all] as const].map(([kind, samples]) => {
    const shares = Object.values(summarize(samples)).map((share) => share.toFixed(1).padStart(9));
    return `${kind.padEnd(38)}${String(samples.length).padStart(6)}${shares.join('')}`;
  });
  const head = ['found %', 'one %', 'line %', 'exact %', 'blamed %', 'advice %'];
  return [`${'mistake'.padEnd(38)}     n${head.map((cell) => cell.padStart(9)).join('')}`, ...rows].join(
    '\n',
  );
}

describe('diagnostics of broken Eggs', () => {
  it('come from a corpus of healthy Eggs without a finding', () => {
    const random = createRandom(seed);
    const eggs = Array.from({ length: runs(1000) }, (_, index) => makeEgg(random, index));

    expect(check(eggs.join('\n'))).toEqual([]);
  });

  it.each(byKind)('find, once and at its place: %s', (_kind, samples) => {
    const { detected } = summarize(samples);

    expect(samples.length).toBeGreaterThanOrEqual(100);
    expect(detected).toBeGreaterThanOrEqual(99);
  });

  it('reach the goal over all kinds', ({ annotate }) => {
    const table = tableOf();
    void annotate(table);
    const shares = summarize(all);

    expect(shares.detected, table).toBeGreaterThanOrEqual(99);
    expect(shares.one, table).toBeGreaterThanOrEqual(97);
    expect(shares.line, table).toBeGreaterThanOrEqual(99);
    expect(shares.exact, table).toBeGreaterThanOrEqual(95);
    expect(shares.blamed, table).toBe(0);
    expect(shares.advice, table).toBeGreaterThanOrEqual(75);
  });

  it('report five mistakes in five of twenty Eggs, and little else', () => {
    const random = createRandom(seed);
    const trials = Array.from({ length: perKind }, () => tryFiveOfTwenty(Object.values(breaks), random));
    const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

    expect(mean(trials.map(({ reported }) => reported))).toBeGreaterThanOrEqual(4.85);
    expect(mean(trials.map(({ diagnostics }) => diagnostics))).toBeLessThanOrEqual(5.5);
  });
});
