import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

it.each([
  ['0s', 0],
  ['250ms', 250],
  ['30s', 30_000],
  ['90m', 5_400_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1w2d3h4m5s6ms', 788_645_006],
])('reads %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each(['', '5', 'm', '1.5h', '-1s', ' 1s', '1s ', '1 h', '1H', '30m1h', '1h1h', '1mss', '9999999999s'])(
  'refuses "%s"',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

it('tells minutes from milliseconds', () => {
  expect(parseDuration('1m1ms')).toBe(60_001);
  expect(parseDuration('1ms1m')).toBeUndefined();
});

it('writes what it reads back, in the shortest form', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
      const text = formatDuration(ms);

      expect(parseDuration(text)).toBe(ms);
      expect(formatDuration(parseDuration(text) ?? -1)).toBe(text);
    }),
  );
});

it('writes what is below a millisecond, or negative, as 0s', () => {
  expect([0, 0.4, -5].map(formatDuration)).toEqual(['0s', '0s', '0s']);
});
