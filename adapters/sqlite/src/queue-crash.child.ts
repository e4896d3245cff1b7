import { createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { createOutboxQueue } from '@polar-gosling/ports/queue/outbox';
import { createSqliteStore } from './index.ts';

// A worker that is killed by queue-crash.test.ts: it says what it was given and what was acknowledged to it as done.

const [path = '', leaseMs = '1000'] = process.argv.slice(2);
const clock = createSystemClock();
const options = { signal: new AbortController().signal };
const plain = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const blobs = createMemoryBlobs();
const store = await createSqliteStore({ path, clock, sealer: plain, blobs, logger: silentLogger });
const queue = createOutboxQueue({ store, clock, ids: createSystemIds(clock) });

for (;;) {
  const deliveries = await queue.receive({ max: 8, leaseMs: Number(leaseMs), waitMs: 1_000 }, options);
  for (const delivery of deliveries) {
    process.stdout.write(`given ${delivery.message.key}\n`);
    const outcome = await queue.ack(delivery, options);
    process.stdout.write(`${outcome} ${delivery.message.key}\n`);
  }
}
