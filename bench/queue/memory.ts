import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../../adapters/sqlite/src/index.ts';
import {
  createSystemClock,
  createSystemIds,
  mapLimit,
  silentLogger,
} from '../../packages/kernel/src/index.ts';
import { createMemoryBlobs } from '../../packages/ports/src/blobs/memory.ts';
import { outboxWrite } from '../../packages/ports/src/queue/index.ts';
import { createOutboxQueue } from '../../packages/ports/src/queue/outbox.ts';

// `memory.ts [MESSAGES [FOLDER]]`: sends and does so many messages and prints the resident memory as it goes, with the
// slope of a straight line through the second half. Runs for minutes; no comparison, so not part of the harness.
const [count = '1000000', root = tmpdir()] = process.argv.slice(2);
const messages = Number(count);
const batch = 1_000;
const samples = 40;
const dir = mkdtempSync(join(root, 'queue-memory-'));
const clock = createSystemClock();
const ids = createSystemIds(clock);
const options = { signal: new AbortController().signal };
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const store = await createSqliteStore({
  path: join(dir, 'gosling.db'),
  clock,
  sealer,
  blobs: createMemoryBlobs(),
  logger: silentLogger,
});
const queue = createOutboxQueue({ store, clock, ids });
const points: { sent: number; mb: number }[] = [];

for (let sent = 0; sent < messages; sent += batch) {
  const numbers = Array.from({ length: batch }, (_, place) => sent + place);
  await mapLimit(numbers, { limit: 256, ...options }, async (number) => {
    const message = { kind: 'notify', key: `task-${number}`, trace: 'memory' } as const;
    await store.commit([outboxWrite(message, { clock, ids })], options);
  });
  for (let done = 0; done < batch; ) {
    const deliveries = await queue.receive({ max: 250, leaseMs: 30_000, waitMs: 0 }, options);
    await Promise.all(deliveries.map((delivery) => queue.ack(delivery, options)));
    done += deliveries.length;
  }
  if ((sent + batch) % (messages / samples) < batch) note(sent + batch);
}
await store.close();
rmSync(dir, { recursive: true });
const slope = slopeOf(points.slice(points.length / 2));
process.stdout.write(`${JSON.stringify({ messages, mbPerMillion: Number((slope * 1e6).toFixed(2)) })}\n`);

function note(sent: number): void {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const mb = Number(kb ?? 0) / 1_024;
  points.push({ sent, mb });
  process.stdout.write(`${sent} messages: ${mb.toFixed(1)} MB\n`);
}

/** MB for each message, by least squares. */
function slopeOf(some: readonly { sent: number; mb: number }[]): number {
  const mean = (pick: (point: { sent: number; mb: number }) => number) =>
    some.reduce((sum, point) => sum + pick(point), 0) / some.length;
  const [x, y] = [mean(({ sent }) => sent), mean(({ mb }) => mb)];
  const above = some.reduce((sum, { sent, mb }) => sum + (sent - x) * (mb - y), 0);
  return above / some.reduce((sum, { sent }) => sum + (sent - x) ** 2, 0);
}
