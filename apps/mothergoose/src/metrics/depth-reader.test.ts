import { silentLogger } from '@polar-gosling/kernel';
import type { QueueStats } from '@polar-gosling/ports/queue';
import { createFakeClock } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { createDepthReader } from './depth-reader.ts';

const deep = (ready: number): QueueStats => ({ ready, leased: 0, delayed: 0, buried: 0, oldestAgeMs: 0 });

it('shows each process what the queue of all holds now', async () => {
  const clock = createFakeClock();
  let ready = 3;
  const tasks = { stats: async () => deep(ready) };
  const one = createDepthReader({ tasks, clock, log: silentLogger });
  const other = createDepthReader({ tasks, clock, log: silentLogger });

  const before = await Promise.all([one(), other()]);
  ready = 0;
  await clock.advance(5_000);
  const after = await Promise.all([one(), other()]);

  expect(before).toEqual([deep(3), deep(3)]);
  expect(after).toEqual([deep(0), deep(0)]);
});

it('reads the queue once in five seconds, however often it is asked', async () => {
  const clock = createFakeClock();
  let reads = 0;
  const tasks = { stats: async () => deep(++reads) };
  const read = createDepthReader({ tasks, clock, log: silentLogger });

  const together = await Promise.all([read(), read()]);
  await clock.advance(4_999);
  const still = await read();
  await clock.advance(1);

  expect([...together, still].map((stats) => stats?.ready)).toEqual([1, 1, 1]);
  expect(await read()).toEqual(deep(2));
});

it('does not know while the queue does not answer, and says so in the log', async () => {
  const clock = createFakeClock();
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  let isDown = true;
  const tasks = {
    stats: async () => {
      if (isDown) throw new RangeError('down');
      return deep(1);
    },
  };
  const read = createDepthReader({ tasks, clock, log });

  const down = await read();
  isDown = false;
  await clock.advance(5_000);

  expect(down).toBeUndefined();
  expect(warnings).toEqual(['the queue did not say how deep it is']);
  expect(await read()).toEqual(deep(1));
});
