import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { outboxWrite, type WorkQueue } from '@polar-gosling/ports/queue';
import { createOutboxQueue } from '@polar-gosling/ports/queue/outbox';
import { runs } from '@polar-gosling/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { createSqliteStore } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-queue-crash-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const clock = createSystemClock();
const ids = createSystemIds(clock);
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const child = fileURLToPath(new URL('./queue-crash.child.ts', import.meta.url));
const messages = 60;
const leaseMs = 1_000;
const cycles = Math.ceil(runs(100) / 10);

async function open(path: string) {
  const blobs = createMemoryBlobs();
  const store = await createSqliteStore({ path, clock, sealer, blobs, logger: silentLogger, mode: 'inline' });
  return { store, queue: createOutboxQueue({ store, clock, ids }) };
}

/** Lets a worker go on and kills it after so many lines; answers what it was given and what was done for good. */
async function workUntilKilled(path: string, lines: number): Promise<{ given: string[]; done: string[] }> {
  const args = ['--disable-warning=ExperimentalWarning', child, path, String(leaseMs)];
  const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  worker.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > lines) worker.kill('SIGKILL');
  });
  await once(worker, 'close');
  const complete = output.slice(0, output.lastIndexOf('\n') + 1);
  const keysAfter = (word: string) =>
    [...complete.matchAll(new RegExp(`^${word} (.+)$`, 'gm'))].map(([, key]) => String(key));
  return { given: keysAfter('given'), done: keysAfter('ok') };
}

/** Works until so many are done, or all but the one whose acknowledgement was on its way when its worker was killed. */
async function workTheRest(queue: WorkQueue, expected: number): Promise<Set<string>> {
  const done = new Set<string>();
  const endsAt = clock.monotonic() + 30_000;
  while (done.size < expected && clock.monotonic() < endsAt) {
    const deliveries = await queue.receive({ max: 10, leaseMs: 30_000, waitMs: 2 * leaseMs }, options);
    if (deliveries.length === 0) break;
    for (const delivery of deliveries) {
      done.add(delivery.message.key);
      expect(await queue.ack(delivery, options)).toBe('ok');
    }
  }
  return done;
}

describe('a worker killed with SIGKILL while it holds messages', () => {
  it('leaves each of them to another, and nothing that was done comes again', {
    timeout: 300_000,
  }, async () => {
    for (let cycle = 0; cycle < cycles; cycle++) {
      const path = join(mkdtempSync(join(root, 'db-')), 'state.db');
      const before = await open(path);
      for (let key = 0; key < messages; key++) {
        const message = { kind: 'sweep', key: `p${key}`, trace: 't' } as const;
        await before.store.commit([outboxWrite(message, { clock, ids })], options);
      }
      await before.store.close();

      const killed = await workUntilKilled(path, 1 + Math.floor(ids.random() * messages));

      const after = await open(path);
      const done = await workTheRest(after.queue, messages - killed.done.length);
      const twice = killed.done.filter((key) => done.has(key));
      const missing = Array.from({ length: messages }, (_, key) => `p${key}`).filter(
        (key) => !done.has(key) && !killed.done.includes(key),
      );
      expect(twice).toEqual([]);
      expect(missing.filter((key) => key !== killed.given.at(-1))).toEqual([]);
      expect(await after.queue.stats(options)).toMatchObject({ ready: 0, leased: 0, delayed: 0, buried: 0 });
      await after.store.close();
    }
  });
});
