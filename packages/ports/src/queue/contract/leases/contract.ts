import { expect } from 'vitest';
import { type Check, keysOf, leaseMs, options } from '../words/contract.ts';

export function describeLeases(check: Check): void {
  check('gives out what was sent', async ({ clock, sendKeys, receiveOne }) => {
    const sentAt = clock.now();
    await sendKeys('my-egg');
    await clock.advance(5);
    const delivery = await receiveOne();
    expect(delivery.message).toMatchObject({ v: 1, kind: 'reconcile', key: 'my-egg' });
    expect(delivery).toMatchObject({ receives: 1, sentAt });
  });
  check('answers at once that nothing is due', async ({ receive }) => {
    expect(await receive()).toEqual([]);
  });
  check('gives out at most as many as asked for', async ({ sendKeys, receive }) => {
    await sendKeys('a', 'b', 'c');
    const first = await receive(2);
    const second = await receive(2);
    expect([first.length, second.length]).toEqual([2, 1]);
    expect(keysOf([...first, ...second])).toEqual(['a', 'b', 'c']);
  });
  check('gives out the kinds asked for and leaves the others', async ({ queue, send, receive }) => {
    await send({ kind: 'sync', key: 'nest' });
    await send({ kind: 'prune', key: 'all' });
    const request = { max: 10, leaseMs, waitMs: 0, kinds: ['prune', 'sweep'] } as const;
    expect(keysOf(await queue.receive(request, options))).toEqual(['all']);
    expect(keysOf(await receive())).toEqual(['nest']);
  });
  check('holds a message back until it is due', async ({ clock, send, receive }) => {
    await send({ kind: 'sync', key: 'nest', delayMs: 5_000 });
    await clock.advance(4_999);
    expect(await receive()).toEqual([]);
    await clock.advance(1);
    expect(await receive()).toHaveLength(1);
  });
  check(
    'does not give out again what somebody works on',
    async ({ clock, sendKeys, receive, receiveOne }) => {
      await sendKeys('a');
      await receiveOne();
      await clock.advance(leaseMs - 1);
      expect(await receive()).toEqual([]);
    },
  );
  check('gives out again what nobody finished, counting', async ({ clock, sendKeys, receiveOne }) => {
    await sendKeys('a');
    const tokens = new Set<string>();
    for (let receives = 1; receives <= 7; receives++) {
      const delivery = await receiveOne();
      expect(delivery.receives).toBe(receives);
      tokens.add(delivery.leaseToken);
      await clock.advance(leaseMs);
    }
    expect(tokens.size).toBe(7);
  });
  check('holds a message longer when asked', async ({ clock, queue, sendKeys, receive, receiveOne }) => {
    await sendKeys('a');
    const delivery = await receiveOne();
    for (let round = 0; round < 5; round++) {
      await clock.advance(20_000);
      expect(await queue.extend(delivery, leaseMs, options)).toBe('ok');
    }
    await clock.advance(leaseMs - 1);
    expect(await receive()).toEqual([]);
    await clock.advance(1);
    expect(await receive()).toHaveLength(1);
  });
  check(
    'holds a message again whose lease ended, when nobody took it',
    async ({ clock, queue, sendKeys, receive, receiveOne }) => {
      await sendKeys('a');
      const delivery = await receiveOne();
      await clock.advance(leaseMs + 5);
      expect(await queue.extend(delivery, leaseMs, options)).toBe('ok');
      expect(await receive()).toEqual([]);
      await sendKeys('a');
      expect(await receive()).toEqual([]);
    },
  );
  check('forgets what was done', async ({ clock, queue, sendKeys, receive, receiveOne }) => {
    await sendKeys('a');
    expect(await queue.ack(await receiveOne(), options)).toBe('ok');
    await clock.advance(2 * leaseMs);
    expect(await receive()).toEqual([]);
  });
  check(
    'says `lost` to whoever is late, whatever they want',
    async ({ clock, queue, sendKeys, receiveOne }) => {
      await sendKeys('a');
      const late = await receiveOne();
      await clock.advance(leaseMs);
      const holder = await receiveOne();
      expect(await queue.extend(late, leaseMs, options)).toBe('lost');
      expect(await queue.ack(late, options)).toBe('lost');
      expect(await queue.nack(late, { delayMs: 0, reason: 'late' }, options)).toBe('lost');
      expect(await queue.bury(late, 'late', options)).toBe('lost');
      expect(await queue.ack(holder, options)).toBe('ok');
    },
  );
  check('says `lost` to the second of two equal answers', async ({ queue, sendKeys, receiveOne }) => {
    await sendKeys('a');
    const delivery = await receiveOne();
    expect(await queue.ack(delivery, options)).toBe('ok');
    expect(await queue.ack(delivery, options)).toBe('lost');
    expect(await queue.extend(delivery, leaseMs, options)).toBe('lost');
  });
  check(
    'takes a late answer when nobody else has the message',
    async ({ clock, queue, sendKeys, receive, receiveOne }) => {
      await sendKeys('a');
      const delivery = await receiveOne();
      await clock.advance(2 * leaseMs);
      expect(await queue.ack(delivery, options)).toBe('ok');
      expect(await receive()).toEqual([]);
    },
  );
  check(
    'gives back what was handed back, after its delay',
    async ({ clock, queue, sendKeys, receive, receiveOne }) => {
      await sendKeys('a');
      const delivery = await receiveOne();
      expect(await queue.nack(delivery, { delayMs: 2_000, reason: 'busy' }, options)).toBe('ok');
      await clock.advance(1_999);
      expect(await receive()).toEqual([]);
      await clock.advance(1);
      expect(await receiveOne()).toMatchObject({ receives: 2, message: { key: 'a' } });
    },
  );
  check('counts what was handed back as failed, and only that', async (words) => {
    await words.sendKeys('a');
    const givenBack = [{ isFailure: true }, {}, { isFailure: true }];
    for (const how of givenBack) {
      const delivery = await words.receiveOne();
      await words.queue.nack(delivery, { delayMs: 0, reason: 'busy', ...how }, options);
    }
    const holder = await words.receiveOne();
    expect(holder).toMatchObject({ receives: 4, failures: 2 });
    await words.queue.ack(holder, options);
    await words.sendKeys('a');
    expect(await words.receiveOne()).toMatchObject({ receives: 1, failures: 0 });
  });
  check('counts delays in milliseconds', async ({ clock, queue, send, sendKeys, receive, receiveOne }) => {
    await sendKeys('a');
    await queue.nack(await receiveOne(), { delayMs: 700, reason: 'busy' }, options);
    await send({ kind: 'sync', key: 'nest', delayMs: 700 });
    await clock.advance(699);
    expect(await receive()).toEqual([]);
    await clock.advance(1);
    expect(await receive()).toHaveLength(2);
  });
  check('counts holders in a row that never answered', async ({ clock, queue, sendKeys, receiveOne }) => {
    await sendKeys('a');
    for (let unanswered = 0; unanswered < 3; unanswered++) {
      expect(await receiveOne()).toMatchObject({ unanswered, receives: unanswered + 1 });
      await clock.advance(leaseMs);
    }
    await sendKeys('a');
    const holder = await receiveOne();
    expect(holder).toMatchObject({ unanswered: 3, receives: 4 });
    await queue.nack(holder, { delayMs: 0, reason: 'alive' }, options);
    expect(await receiveOne()).toMatchObject({ unanswered: 0, receives: 5 });
    await clock.advance(leaseMs);
    expect(await receiveOne()).toMatchObject({ unanswered: 1, receives: 6 });
  });
  check('gives each of many messages to one of many receivers', async ({ queue, sendKeys, receive }) => {
    await sendKeys(...Array.from({ length: 40 }, (_, place) => `egg-${place}`));
    const received = (await Promise.all(Array.from({ length: 8 }, () => receive(10)))).flat();
    while (received.length < 40) received.push(...(await receive(40)));
    expect(new Set(keysOf(received)).size).toBe(40);
    expect(received).toHaveLength(40);
    const answers = await Promise.all(received.map((delivery) => queue.ack(delivery, options)));
    expect(new Set(answers)).toEqual(new Set(['ok']));
    expect(await receive()).toEqual([]);
  });
}
