import { measureGrowth } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { checkNest, parseFiles } from './read-nest.ts';

type Files = Parameters<typeof parseFiles>[0];

const inOneFile = (count: number): Files => [
  { path: 'Eggs/a/config.fly', text: 'egg "a" {}\n'.repeat(count) },
];
const inFilesOfTheirOwn = (count: number): Files =>
  Array.from({ length: count }, (_, index) => ({ path: `Eggs/a${index}/config.fly`, text: 'egg "a" {}\n' }));

describe('a hostile Nest', () => {
  it.each([
    ['in one file', inOneFile],
    ['in files of their own', inFilesOfTheirOwn],
  ])(
    'of Eggs of one name is checked in time that grows with its size: %s',
    { timeout: 60_000 },
    (_where, make) => {
      const check = (count: number) => () => checkNest(parseFiles(make(count)), []);

      const { smallMs, bigMs } = measureGrowth(
        { small: check(1_000), big: check(2_000) },
        (growth) => growth.bigMs <= 3 * growth.smallMs + 50,
      );

      expect(bigMs).toBeLessThanOrEqual(3 * smallMs + 50);
    },
  );

  it('of Eggs of one name names at most eight others with each', () => {
    const found = checkNest(parseFiles(inFilesOfTheirOwn(20)), []).filter(({ code }) => code === 'FLY080');

    expect(found.map(({ related }) => related.length)).toEqual(Array.from({ length: 20 }, () => 8));
  });
});
