import fc from 'fast-check';
import { expect } from 'vitest';
import type { Delivery } from '../../queue.ts';
import { type Check, keysOf, leaseMs, options, type Words } from '../words/contract.ts';

export function describeMerging(check: Check, runs?: number): void {
  check('gives out equal messages as one', async ({ queue, sendKeys, receive, receiveOne }) => {
    await sendKeys('a', 'a', 'a');
    expect(await queue.ack(await receiveOne(), options)).toBe('ok');
    expect(await receive()).toEqual([]);
  });
  check('merges many more than fit into a transaction', async ({ queue, sendKeys, receive, receiveOne }) => {
    await sendKeys(...Array.from({ length: 80 }, () => 'a'));
    expect(await queue.ack(await receiveOne(), options)).toBe('ok');
    expect(await receive()).toEqual([]);
  });
  check('keeps what was sent after the receive', async ({ queue, sendKeys, receiveOne }) => {
    await sendKeys('a', 'a');
    const first = await receiveOne();
    await sendKeys('a');
    expect(await queue.ack(first, options)).toBe('ok');
    expect(await receiveOne()).toMatchObject({ receives: 1, message: { key: 'a' } });
  });
  check('never gives out two equal messages at once', async ({ queue, sendKeys, receive, receiveOne }) => {
    await sendKeys('a');
    const first = await receiveOne();
    await sendKeys('a', 'b', 'a');
    expect(keysOf(await receive())).toEqual(['b']);
    await queue.ack(first, options);
    expect(keysOf(await receive())).toEqual(['a']);
  });
  check('tells messages apart by kind and by key', async ({ send, receive }) => {
    await send({ kind: 'sync', key: 'a' });
    await send({ kind: 'prune', key: 'a' });
    await send({ kind: 'prune', key: 'b' });
    expect(await receive()).toHaveLength(3);
  });
  check(
    'merges what piles up behind one that is worked on',
    async ({ queue, sendKeys, receive, receiveOne }) => {
      await sendKeys('a');
      const first = await receiveOne();
      for (let round = 0; round < 30; round++) {
        await sendKeys('a', 'a');
        await receive();
      }
      expect((await queue.stats(options)).ready).toBeLessThanOrEqual(2);
      await queue.ack(first, options);
      await queue.ack(await receiveOne(), options);
      expect(await receive()).toEqual([]);
    },
  );
  check('goes on counting the receives of the one that failed', async ({ clock, sendKeys, receiveOne }) => {
    await sendKeys('a');
    await receiveOne();
    await clock.advance(leaseMs);
    await receiveOne();
    await sendKeys('a');
    await clock.advance(leaseMs);
    expect(await receiveOne()).toMatchObject({ receives: 3 });
    await clock.advance(leaseMs + 1);
    await sendKeys('a');
    expect(await receiveOne()).toMatchObject({ receives: 4 });
  });
  check(
    'merges what was handed back with what came meanwhile',
    async ({ queue, sendKeys, receive, receiveOne }) => {
      await sendKeys('a');
      const first = await receiveOne();
      await sendKeys('a');
      await queue.nack(first, { delayMs: 0, reason: 'again' }, options);
      await queue.ack(await receiveOne(), options);
      expect(await receive()).toEqual([]);
    },
  );
  check(
    'keeps an equal message that is due later',
    async ({ clock, queue, send, sendKeys, receive, receiveOne }) => {
      await send({ kind: 'reconcile', key: 'a', delayMs: 60_000 });
      await sendKeys('a');
      await queue.ack(await receiveOne(), options);
      expect(await receive()).toEqual([]);
      await clock.advance(60_000);
      expect(await receive()).toHaveLength(1);
    },
  );
  check('gives equal messages to one of many receivers', async ({ sendKeys, receive }) => {
    await sendKeys('a', 'b', 'a', 'b', 'a');
    const received = (await Promise.all(Array.from({ length: 6 }, () => receive()))).flat();
    expect(keysOf(received)).toEqual(['a', 'b']);
  });
  check('loses no wake-up and holds no key twice, whatever happens', async (words) => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('send' as const), key: fc.constantFrom('a', 'b') }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 3 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('ack', 'nack', 'extend'), pick: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 9_000, leaseMs) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (script) => {
        const watch = watchKeys(words);
        for (const each of script) await watch.perform(each);
        await watch.drain();
        expect(watch.unanswered()).toEqual([]);
      }),
      runs === undefined ? {} : { numRuns: runs },
    );
  });
}

type Step = { do: string; key?: string; max?: number; pick?: number; ms?: number };
interface Held {
  readonly delivery: Delivery;
  readonly receivedAt: number;
  endsAt: number;
}

/** Follows which sends were answered by an ack of something received after them. */
function watchKeys(words: Words) {
  const { clock, queue } = words;
  const sends: { key: string; order: number }[] = [];
  let held: Held[] = [];
  let order = 0;

  const receive = async (max: number) => {
    for (const delivery of await words.receive(max)) {
      const { key } = delivery.message;
      const rivals = held.filter((each) => each.delivery.message.key === key && each.endsAt > clock.now());
      expect(rivals).toEqual([]);
      held.push({ delivery, receivedAt: order++, endsAt: clock.now() + leaseMs });
    }
  };
  const finish = async (one: Held, action: string) => {
    if (action === 'extend') {
      if ((await queue.extend(one.delivery, leaseMs, options)) === 'ok') one.endsAt = clock.now() + leaseMs;
      return;
    }
    held = held.filter((each) => each !== one);
    if (action === 'nack') {
      await queue.nack(one.delivery, { delayMs: 3, reason: 'again' }, options);
      return;
    }
    if ((await queue.ack(one.delivery, options)) === 'lost') return;
    const { key } = one.delivery.message;
    const open = sends.filter((each) => each.key !== key || each.order > one.receivedAt);
    sends.splice(0, sends.length, ...open);
  };

  return {
    unanswered: () => sends,
    async perform(step: Step) {
      if (step.key !== undefined) {
        sends.push({ key: step.key, order: order++ });
        await words.sendKeys(step.key);
      }
      if (step.max !== undefined) await receive(step.max);
      if (step.ms !== undefined) await clock.advance(step.ms);
      const one = held[(step.pick ?? 0) % Math.max(1, held.length)];
      if (step.pick !== undefined && one !== undefined) await finish(one, step.do);
    },
    async drain() {
      held = [];
      for (let round = 0; round < 20; round++) {
        await clock.advance(2 * leaseMs);
        await receive(10);
        for (const one of held) await finish(one, 'ack');
      }
    },
  };
}
