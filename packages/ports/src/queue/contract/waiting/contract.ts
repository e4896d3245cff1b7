import { expect } from 'vitest';
import { type Check, leaseMs, options, type Words } from '../words/contract.ts';

export function describeWaiting(check: Check): void {
  const waitFor = ({ queue }: Words, waitMs = 20_000) => {
    const state = { isDone: false };
    const deliveries = queue.receive({ max: 10, leaseMs, waitMs }, options).finally(() => {
      state.isDone = true;
    });
    return { state, deliveries };
  };
  check('wakes a waiting receiver at once', async (words) => {
    const { deliveries, state } = waitFor(words);
    await words.clock.advance(10);
    await words.sendKeys('a');
    words.queue.wake();
    await words.clock.advance(0);
    expect(state.isDone).toBe(true);
    expect(await deliveries).toHaveLength(1);
  });
  check('finds within about a second what another process sent', async (words) => {
    const { deliveries, state } = waitFor(words);
    await words.clock.advance(10);
    await words.sendKeys('a');
    await words.clock.advance(1_100);
    expect(state.isDone).toBe(true);
    expect(await deliveries).toHaveLength(1);
  });
  check('finds a message when it becomes due', async (words) => {
    await words.send({ kind: 'sync', key: 'nest', delayMs: 3_000 });
    const { deliveries, state } = waitFor(words);
    await words.clock.advance(2_999);
    expect(state.isDone).toBe(false);
    await words.clock.advance(1);
    expect(state.isDone).toBe(true);
    expect(await deliveries).toHaveLength(1);
  });
  check('finds a message whose lease ends', async (words) => {
    await words.sendKeys('a');
    await words.receiveOne();
    const { deliveries } = waitFor(words, leaseMs + 5_000);
    await words.clock.advance(leaseMs + 1_000);
    expect(await deliveries).toMatchObject([{ receives: 2 }]);
  });
  check('gives up after its time', async (words) => {
    const { deliveries, state } = waitFor(words, 2_500);
    await words.clock.advance(2_499);
    expect(state.isDone).toBe(false);
    await words.clock.advance(1);
    expect(await deliveries).toEqual([]);
  });
  check('wakes when a message was handed back', async (words) => {
    await words.sendKeys('a');
    const delivery = await words.receiveOne();
    const { deliveries } = waitFor(words);
    await words.clock.advance(10);
    await words.queue.nack(delivery, { delayMs: 0, reason: 'shutting down' }, options);
    await words.clock.advance(0);
    expect(await deliveries).toMatchObject([{ receives: 2 }]);
  });
  check('stops waiting when its caller gives up', async ({ clock, queue }) => {
    const controller = new AbortController();
    const waiting = queue.receive({ max: 1, leaseMs, waitMs: 20_000 }, { signal: controller.signal });
    const ended = expect(waiting).rejects.toThrow('stopped');
    await clock.advance(10);
    controller.abort(new Error('stopped'));
    await ended;
    expect(clock.sleepers()).toBe(0);
  });
  check('takes nothing for a caller who gave up before', async ({ queue, sendKeys, receive }) => {
    await sendKeys('a');
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(queue.receive({ max: 1, leaseMs, waitMs: 0 }, { signal })).rejects.toThrow('stopped');
    expect(await receive()).toHaveLength(1);
  });
  check('lets several wait without doing a thing twice', async (words) => {
    const waiting = [waitFor(words, 5_000), waitFor(words, 5_000), waitFor(words, 5_000)];
    await words.clock.advance(10);
    await words.sendKeys('a', 'b');
    words.queue.wake();
    await words.clock.advance(6_000);
    const all = (await Promise.all(waiting.map(({ deliveries }) => deliveries))).flat();
    expect(all).toHaveLength(2);
  });
}
