import { createFakeClock } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { createSystemIds } from './ids.ts';

it('makes ids of 26 letters and digits without those that look alike', () => {
  expect(createSystemIds(createFakeClock()).next()).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
});

it('orders ids by the time of making, also within one millisecond and when the clock goes back', async () => {
  const clock = createFakeClock();
  const ids = createSystemIds(clock);
  const made = Array.from({ length: 1_000 }, () => ids.next());
  await clock.advance(1);
  made.push(ids.next());
  clock.jump(-60_000);
  made.push(ids.next());

  expect(made.toSorted()).toEqual(made);
  expect(new Set(made).size).toBe(made.length);
});

it('makes ids that no other process makes at the same time', () => {
  const clock = createFakeClock();

  expect(createSystemIds(clock).next()).not.toBe(createSystemIds(clock).next());
});

it('makes tokens of the asked size that need no escaping', () => {
  const ids = createSystemIds(createFakeClock());

  expect(ids.token(32)).toMatch(/^[\w-]{43}$/);
  expect(ids.token(32)).not.toBe(ids.token(32));
});

it('makes chance within [0, 1)', () => {
  const ids = createSystemIds(createFakeClock());
  const drawn = Array.from({ length: 1_000 }, () => ids.random());

  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  expect(new Set(drawn).size).toBeGreaterThan(990);
});
