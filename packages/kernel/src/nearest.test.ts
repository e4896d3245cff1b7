import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const known = ['concurrent', 'executor', 'tags', 'idle_timeout', 'image'];

it.each([
  ['concurent', 'concurrent', 'a missing letter'],
  ['execuotr', 'executor', 'two letters swapped'],
  ['idle_timeuot', 'idle_timeout', 'a swap in a long word'],
  ['tag', 'tags', 'one letter of a short word'],
  ['IMAGE', 'image', 'another case'],
])('takes "%s" for "%s": %s', (word, name) => {
  expect(nearest(word, known)).toBe(name);
});

it.each(['', 'x', 'gats', 'concurrency_limit', 'zzzzzzzz'])('has no guess for "%s"', (word) => {
  expect(nearest(word, known)).toBeUndefined();
});

it('takes the nearer of two, and the first of two as near', () => {
  expect(nearest('region_id', ['region', 'region_ib', 'regionxid'])).toBe('region_ib');
});

it('does not compare a word that nobody typed', () => {
  const word = 'a'.repeat(65);

  expect(nearest(word, [word])).toBeUndefined();
});

it('finds a name again that lost one letter', () => {
  const name = fc.stringMatching(/^[a-z]{6,20}$/);
  fc.assert(
    fc.property(name, fc.nat(), (full, place) => {
      const at = place % full.length;
      const typed = full.slice(0, at) + full.slice(at + 1);

      expect(nearest(typed, ['GOSLING', full])).toBe(full);
    }),
  );
});
