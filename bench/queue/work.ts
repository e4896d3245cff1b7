import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '../../adapters/sqlite/src/index.ts';
import {
  createSystemClock,
  createSystemIds,
  mapLimit,
  silentLogger,
} from '../../packages/kernel/src/index.ts';
import { createMemoryBlobs } from '../../packages/ports/src/blobs/memory.ts';
import { type Delivery, outboxWrite } from '../../packages/ports/src/queue/index.ts';
import { createOutboxQueue } from '../../packages/ports/src/queue/outbox.ts';

/** As many at once as there are webhook requests, and as a worker takes. */
const producers = 64;
const leaseMs = 30_000;
const warmUp = 50;

// `work.ts MESSAGES CONCURRENCY FOLDER`: sends so many messages and does nothing for each, so many at once, all durable;
// prints µs for each.
const [total = '10000', atOnce = '64', folder = '.'] = process.argv.slice(2);
const messages = Number(total);
const concurrency = Number(atOnce);
const dir = mkdtempSync(join(folder, 'queue-'));
const clock = createSystemClock();
const ids = createSystemIds(clock);
const stop = new AbortController();
const options = { signal: stop.signal };
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const store = await createSqliteStore({
  path: join(dir, 'gosling.db'),
  clock,
  sealer,
  blobs: createMemoryBlobs(),
  logger: silentLogger,
});
const queue = createOutboxQueue({ store, clock, ids });

// Every path taken once, as by the baseline.
await Promise.all([drain(warmUp), send(warmUp)]);
const startedAt = clock.monotonic();
const [done] = await Promise.all([drain(messages), send(messages)]);
const wallUs = (clock.monotonic() - startedAt) * 1_000;
await store.close();
rmSync(dir, { recursive: true });
const value = process.env['BENCH_RESULT_ONLY'] === undefined ? { value: wallUs / messages } : {};
process.stdout.write(`${JSON.stringify({ ...value, result: { done } })}\n`);

async function send(count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  await mapLimit(numbers, { limit: producers, ...options }, async (number) => {
    const message = { kind: 'notify', key: `task-${number}`, trace: 'bench' } as const;
    await store.commit([outboxWrite(message, { clock, ids })], options);
    queue.wake();
  });
}

/** The loop of a worker whose task is nothing. */
async function drain(count: number): Promise<number> {
  const running = new Set<Promise<void>>();
  let finished = 0;
  while (finished + running.size < count) {
    const max = concurrency - running.size;
    if (max === 0) {
      await Promise.any(running);
      continue;
    }
    for (const delivery of await queue.receive({ max, leaseMs, waitMs: 5_000 }, options)) {
      const task = finish(delivery).finally(() => running.delete(task));
      running.add(task);
    }
  }
  await Promise.all(running);
  return finished;

  async function finish(delivery: Delivery): Promise<void> {
    await queue.ack(delivery, options);
    finished++;
  }
}
