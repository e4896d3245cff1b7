import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BudgetOptions, createBudget, type RateLimitEvent } from './budget.ts';

const { signal } = new AbortController();
const at = { server: 'gitlab.test', key: 'a' };
const other = { server: 'gitlab.test', key: 'b' };

function aBudget(options: BudgetOptions = {}) {
  const clock = createFakeClock();
  const events: RateLimitEvent[] = [];
  const budget = createBudget({
    clock,
    ids: createSeededIds(7, clock),
    patienceMs: 5_000,
    onRateLimit: (event) => void events.push(event),
    ...options,
  });
  return { clock, budget, events };
}

describe('the request budget', () => {
  it('puts no limit where the server says nothing', async () => {
    const { budget, events } = aBudget();

    for (let call = 0; call < 1_000; call++) await budget.take(at, 'sweep', signal);

    expect(events).toEqual([]);
  });

  it('tells the least that a server said it takes from one of our credentials in a minute', () => {
    const { budget } = aBudget();
    expect(budget.perMinute('gitlab.test')).toBeUndefined();

    budget.observe(at, { limit: 2_000, remaining: 1 });
    budget.observe(other, { limit: 300, remaining: 300 });
    budget.observe({ server: 'other.test', key: 'a' }, { limit: 7, remaining: 7 });

    expect(budget.perMinute('gitlab.test')).toBe(300);
  });

  it('slows sweeps down before the limit, while demand goes on at once', async () => {
    const { clock, budget, events } = aBudget();
    budget.observe(at, { limit: 100, remaining: 40, resetAtMs: clock.now() + 60_000 });

    await budget.take(at, 'demand', signal);
    const sweep = budget.take(at, 'sweep', signal);
    await clock.advance(3_000);
    await sweep;

    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ kind: 'paced', server: 'gitlab.test' });
    expect(events[0]?.waitMs).toBeGreaterThan(700);
    expect(events[0]?.waitMs).toBeLessThan(2_400);
  });

  it('leaves sweeps alone as long as half of the limit is free', async () => {
    const { clock, budget, events } = aBudget();
    budget.observe(at, { limit: 100, remaining: 60, resetAtMs: clock.now() + 60_000 });

    await budget.take(at, 'sweep', signal);

    expect(events).toEqual([]);
  });

  it('counts its own calls between two answers', async () => {
    const { clock, budget } = aBudget();
    budget.observe(at, { limit: 100, remaining: 3, resetAtMs: clock.now() + 60_000 });

    for (let call = 0; call < 3; call++) await budget.take(at, 'demand', signal);
    const fourth = budget.take(at, 'demand', signal);

    await expect(fourth).rejects.toMatchObject({
      code: 'GITLAB_RATE_LIMITED',
      params: { retryAfterMs: 60_000 },
    });
  });

  it('waits inside the call for a window that ends soon', async () => {
    const { clock, budget, events } = aBudget();
    budget.observe(at, { limit: 100, remaining: 0, resetAtMs: clock.now() + 2_000 });

    const take = budget.take(at, 'demand', signal);
    await clock.advance(2_000);

    await expect(take).resolves.toBeUndefined();
    expect(events).toEqual([{ kind: 'paced', server: 'gitlab.test', waitMs: 2_000 }]);
  });

  it('starts a new window full', async () => {
    const { clock, budget, events } = aBudget();
    budget.observe(at, { limit: 100, remaining: 0, resetAtMs: clock.now() + 60_000 });

    await clock.advance(60_000);
    await budget.take(at, 'sweep', signal);

    expect(events).toEqual([]);
  });

  it('keeps credentials apart', async () => {
    const { clock, budget } = aBudget();
    budget.observe(at, { limit: 100, remaining: 0, resetAtMs: clock.now() + 60_000, retryAfterMs: 60_000 });

    await expect(budget.take(at, 'demand', signal)).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
    await expect(budget.take(other, 'demand', signal)).resolves.toBeUndefined();
  });

  it('holds a limit of its own where it is told one', async () => {
    const { clock, budget } = aBudget({ perMinute: 2 });

    await budget.take(at, 'demand', signal);
    await budget.take(at, 'demand', signal);
    await expect(budget.take(at, 'demand', signal)).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
    await clock.advance(60_000);

    await expect(budget.take(at, 'demand', signal)).resolves.toBeUndefined();
  });

  it('ends a wait with its signal', async () => {
    const { clock, budget } = aBudget();
    const caller = new AbortController();
    budget.observe(at, { limit: 100, remaining: 0, resetAtMs: clock.now() + 2_000 });

    const take = budget.take(at, 'demand', caller.signal);
    caller.abort(new DOMException('stop', 'AbortError'));

    await expect(take).rejects.toThrow('stop');
  });

  it('lets no more calls through in a window than the server has left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 30 }),
        fc.array(fc.constantFrom('demand', 'sweep'), { maxLength: 60 }),
        async (remaining, calls) => {
          const { clock, budget } = aBudget({ maxPauseMs: 0 });
          budget.observe(at, { limit: 30, remaining, resetAtMs: clock.now() + 60_000 });

          const taken = await Promise.allSettled(calls.map((urgency) => budget.take(at, urgency, signal)));

          const passed = taken.filter(({ status }) => status === 'fulfilled').length;
          expect(passed).toBe(Math.min(remaining, calls.length));
        },
      ),
    );
  });
});
