import { createFakeClock, createSeededIds, withFailures } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { storeErrors } from '../store/errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import { createOutboxQueue } from './outbox.ts';
import { outboxWrite } from './outbox-write.ts';
import type { Delivery } from './queue.ts';

const options = { signal: new AbortController().signal };
const leaseMs = 30_000;

/** Works some messages on a store whose N-th call fails, then on a healthy one; answers keys left unworked. */
async function scenario(fault: { call: number; when: 'before' | 'after' }) {
  const clock = createFakeClock();
  const ids = createSeededIds(fault.call, clock);
  const healthy = createMemoryStore({ clock });
  const failing = withFailures(healthy, { ...fault, error: storeErrors.unavailable({ op: 'x' }) });
  const queue = createOutboxQueue({ store: failing.port, clock, ids });
  const after = createOutboxQueue({ store: healthy, clock, ids });
  const order = { now: 0, sent: new Map<string, number>(), done: new Map<string, number>() };
  const held = new Map<string, number>();

  const send = async (key: string) => {
    await healthy.commit([outboxWrite({ kind: 'reconcile', key, trace: 't' }, { clock, ids })], options);
    order.sent.set(key, ++order.now);
  };
  const take = async (of: typeof queue, max: number) => {
    const deliveries = (await attempt(() => of.receive({ max, leaseMs, waitMs: 0 }, options))) ?? [];
    for (const { message } of deliveries) {
      expect({ ...fault, key: message.key, heldUntil: held.get(message.key) ?? 0 }).toMatchObject({
        heldUntil: expect.toSatisfy((until: number) => until <= clock.now()),
      });
      held.set(message.key, clock.now() + leaseMs);
    }
    return deliveries.map((delivery) => ({ delivery, at: ++order.now }));
  };
  const finish = async (of: typeof queue, { delivery, at }: { delivery: Delivery; at: number }) => {
    const outcome = await attempt(() => of.ack(delivery, options));
    held.delete(delivery.message.key);
    if (outcome !== 'lost') order.done.set(delivery.message.key, at);
  };
  for (const key of ['a', 'b', 'c', 'a', 'd']) await send(key);
  const [first, second, third, ...others] = await take(queue, 4);
  await send('a');
  if (first) await attempt(() => queue.extend(first.delivery, leaseMs, options));
  if (second) {
    await attempt(() => queue.nack(second.delivery, { delayMs: 1_000, reason: 'again' }, options));
    held.delete(second.delivery.message.key);
  }
  if (third) await finish(queue, third);
  for (const one of others) await finish(queue, one);
  await clock.advance(2_000);
  for (const one of await take(queue, 10)) await finish(queue, one);
  if (first) await finish(queue, first);
  const calls = failing.calls();
  for (let round = 0; round < 4; round++) {
    await clock.advance(leaseMs + 1);
    for (const one of await take(after, 10)) await finish(after, one);
  }
  const unanswered = [...order.sent]
    .filter(([key, at]) => (order.done.get(key) ?? 0) < at)
    .map(([key]) => key);
  return { calls, unanswered, stats: await after.stats(options) };
}

describe('the outbox queue, when one call of the store fails', () => {
  it.each(['before', 'after'] as const)(
    'loses nothing and gives no key to two, whichever call it is (%s it took effect)',
    async (when) => {
      const { calls } = await scenario({ call: 0, when });
      expect(calls).toBeGreaterThan(15);
      for (let call = 1; call <= calls; call++) {
        const { unanswered, stats } = await scenario({ call, when });

        expect({ call, unanswered }).toEqual({ call, unanswered: [] });
        expect(stats).toMatchObject({ ready: 0, leased: 0, delayed: 0, buried: 0 });
      }
    },
  );
});

async function attempt<Answer>(action: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await action();
  } catch {
    return undefined;
  }
}
