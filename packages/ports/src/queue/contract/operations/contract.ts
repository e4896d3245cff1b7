import { expect } from 'vitest';
import { type Check, keysOf, leaseMs, options, type Words } from '../words/contract.ts';

export function describeOperations(check: Check): void {
  const buryOne = async ({ queue, sendKeys, receiveOne }: Words, key: string) => {
    await sendKeys(key);
    const delivery = await receiveOne();
    expect(await queue.bury(delivery, `cannot do ${key}`, options)).toBe('ok');
    return delivery;
  };
  check('puts what is buried among the dead letters', async (words) => {
    const delivery = await buryOne(words, 'a');
    const buriedAt = words.clock.now();
    await words.clock.advance(10 * leaseMs);
    expect(await words.receive()).toEqual([]);
    expect((await words.queue.buried({ limit: 10 }, options)).items).toEqual([
      { id: delivery.id, message: delivery.message, reason: 'cannot do a', buriedAt, receives: 1 },
    ]);
  });
  check('lets equal messages go on after one was buried', async (words) => {
    await buryOne(words, 'a');
    await words.sendKeys('a');
    expect(await words.receiveOne()).toMatchObject({ receives: 1 });
  });
  check('pages the dead letters, newest first', async (words) => {
    for (const key of ['a', 'b', 'c']) {
      await buryOne(words, key);
      await words.clock.advance(1);
    }
    const first = await words.queue.buried({ limit: 2 }, options);
    const second = await words.queue.buried({ limit: 2, cursor: String(first.cursor) }, options);
    expect([...first.items, ...second.items].map(({ message }) => message.key)).toEqual(['c', 'b', 'a']);
    expect(second.cursor).toBeUndefined();
  });
  check('puts a dead letter back to work as new', async (words) => {
    const { id } = await buryOne(words, 'a');
    expect(await words.queue.redrive(id, options)).toBe('ok');
    expect((await words.queue.buried({ limit: 10 }, options)).items).toEqual([]);
    expect(await words.receiveOne()).toMatchObject({ receives: 1, message: { key: 'a' } });
  });
  check('wakes a waiting receiver for a dead letter put back', async (words) => {
    const { id } = await buryOne(words, 'a');
    const waiting = words.queue.receive({ max: 1, leaseMs, waitMs: 20_000 }, options);
    await words.clock.advance(10);
    await words.queue.redrive(id, options);
    await words.clock.advance(1_000);
    expect(await waiting).toHaveLength(1);
  });
  check('puts back only what is a dead letter', async (words) => {
    await words.sendKeys('a');
    const { id } = await words.receiveOne();
    expect(await words.queue.redrive(id, options)).toBe('missing');
    expect(await words.queue.redrive('nothing', options)).toBe('missing');
  });
  check('does both in one transaction with what its caller writes', async (words) => {
    const { id } = await buryOne(words, 'a');
    const key = { table: 'switches', partition: 'none' } as const;
    const also = [{ kind: 'check', key, when: { kind: 'present' } } as const];
    expect(await words.queue.redrive(id, { ...options, also })).toBe('missing');
    expect(await words.queue.purge(id, { ...options, also })).toBe('missing');
    expect(await words.queue.stats(options)).toMatchObject({ buried: 1 });
  });
  check('throws a dead letter away, and nothing else', async (words) => {
    const { id } = await buryOne(words, 'a');
    expect(await words.queue.purge(id, options)).toBe('ok');
    expect(await words.queue.purge(id, options)).toBe('missing');
    await words.sendKeys('b');
    expect(await words.queue.purge((await words.receiveOne()).id, options)).toBe('missing');
    expect(await words.queue.stats(options)).toMatchObject({ leased: 1, buried: 0 });
  });
  check('counts what is ready, leased, delayed and buried', async (words) => {
    await buryOne(words, 'dead');
    await words.sendKeys('leased');
    await words.receiveOne();
    await words.sendKeys('a', 'b');
    await words.clock.advance(4_000);
    await words.send({ kind: 'sync', key: 'nest', delayMs: 60_000 });
    const stats = { ready: 2, leased: 1, delayed: 1, buried: 1 };
    expect(await words.queue.stats(options)).toMatchObject(stats);
  });
  check('tells how long the oldest message that is due has been waiting', async (words) => {
    await words.sendKeys('a');
    await words.clock.advance(3_000);
    await words.sendKeys('b');
    await words.clock.advance(1_000);
    expect(await words.queue.stats(options)).toMatchObject({ oldestAgeMs: 4_000 });
  });
  check('hands over what is due as often as it is told', async (words) => {
    await words.sendKeys('a');
    await words.queue.sendDue(options);
    await words.queue.sendDue(options);
    expect(await words.queue.ack(await words.receiveOne(), options)).toBe('ok');
    await words.queue.sendDue(options);
    expect(await words.receive()).toEqual([]);
  });
  check('counts nothing in an empty queue', async ({ queue }) => {
    const nothing = { ready: 0, leased: 0, delayed: 0, buried: 0, oldestAgeMs: 0 };
    expect(await queue.stats(options)).toEqual(nothing);
  });
  check('makes every message that is given out due at once, and its key free', async (words) => {
    await words.sendKeys('a', 'b');
    const before = await words.receive();
    expect(await words.receive()).toEqual([]);

    await words.queue.giveBackAll(options);

    const after = await words.receive();
    expect(keysOf(after)).toEqual(['a', 'b']);
    expect(await Promise.all(before.map((one) => words.queue.ack(one, options)))).toEqual(['lost', 'lost']);
  });
}
