import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { defineErrors } from './errors.ts';
import { type RetryPlan, retryDelayMs, withRetries } from './retry.ts';

const errors = defineErrors('TEST', {
  busy: { message: (_: { retryAfterMs?: number }) => 'busy', http: 503, retry: 'backoff' },
  again: { message: () => 'again', http: 503, retry: 'now' },
  refused: { message: () => 'refused', http: 403, retry: 'never' },
});
const plan: RetryPlan = { attempts: 3, baseMs: 1_000, capMs: 10_000 };

function start(
  action: (attempt: number, clock: Clock) => Promise<string>,
  signal = new AbortController().signal,
) {
  const clock = createFakeClock({ start: 0 });
  const ids = { ...createSeededIds(1, clock), random: () => 0.5 };
  return { clock, result: withRetries((attempt) => action(attempt, clock), { plan, clock, ids, signal }) };
}

it('repeats what may be repeated, with jitter on a growing delay', async () => {
  const at: number[] = [];
  const started = start(async (attempt, clock) => {
    at.push(clock.now());
    if (attempt < 2) throw errors.busy({});
    return 'done';
  });

  await started.clock.advance(60_000);

  expect(await started.result).toBe('done');
  expect(at).toEqual([0, 500, 1_500]);
});

it('waits as long as the other side asked, where that is longer', async () => {
  const at: number[] = [];
  const started = start(async (attempt, clock) => {
    at.push(clock.now());
    if (attempt === 0) throw errors.busy({ retryAfterMs: 30_000 });
    return 'done';
  });

  await started.clock.advance(60_000);
  await started.result;

  expect(at).toEqual([0, 30_000]);
});

it('repeats at once where the error says so', async () => {
  const { clock, result } = start(async (attempt, { now }) => {
    if (attempt === 0) throw errors.again({});
    return `attempt ${attempt} at ${now()}`;
  });
  await clock.advance(0);

  expect(await result).toBe('attempt 1 at 0');
});

it('gives the last error when the tries are used up', async () => {
  let tries = 0;
  const { clock, result } = start(async () => {
    tries++;
    throw errors.busy({});
  });
  const failure = expect(result).rejects.toMatchObject({ code: 'TEST_BUSY' });

  await clock.advance(60_000);
  await failure;

  expect(tries).toBe(3);
});

it.each([
  ['an error that says never', () => errors.refused({})],
  ['an error that is not ours', () => new SyntaxError('bug')],
])('does not repeat %s', async (_what, make) => {
  let tries = 0;
  const { result } = start(async () => {
    tries++;
    throw make();
  });

  await expect(result).rejects.toThrow();
  expect(tries).toBe(1);
});

it('ends its wait with the signal', async () => {
  const ending = new AbortController();
  const { clock, result } = start(async () => {
    throw errors.busy({});
  }, ending.signal);
  const failure = expect(result).rejects.toBe('stop');
  await clock.advance(1);

  ending.abort('stop');
  await failure;

  expect(clock.sleepers()).toBe(0);
});

it('never waits longer than the cap, nor less than nothing', () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.nat(60), chance, (attempt, random) => {
      const delayMs = retryDelayMs(plan, attempt, random);

      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(Math.min(plan.capMs, plan.baseMs * 2 ** attempt));
    }),
  );
});
