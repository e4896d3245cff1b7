import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import { silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { outboxWrite } from '@polar-gosling/ports/queue';
import { createOutboxQueue } from '@polar-gosling/ports/queue/outbox';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOutbox, checkS3 } from './checks.ts';

const options = { signal: new AbortController().signal };
const clock = createFakeClock();
const ids = createSeededIds(1, clock);
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gosling-checks-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the self-check of the queue in SQLite', () => {
  it('tells what waits and how long, and of messages that wait for a person', async () => {
    const path = join(dir, 'gosling.db');
    expect(await checkOutbox(path, clock)).toMatchObject([{ name: 'reach', ok: true }]);
    const store = await createSqliteStore({
      ...{ path, clock, logger: silentLogger, mode: 'inline', blobs: createMemoryBlobs() },
      sealer: { seal: (bytes) => bytes, open: (bytes) => bytes },
    });
    const queue = createOutboxQueue({ store, clock, ids });
    const send = (key: string, delayMs = 0) =>
      store.commit([outboxWrite({ kind: 'sweep', key, trace: 't', delayMs }, { clock, ids })], options);
    await send('one');
    await send('later', 3_600_000);
    await clock.advance(5_000);
    await send('two');

    expect(await checkOutbox(path, clock)).toEqual([
      { name: 'reach', ok: true, detail: '2 due, the oldest for 5 s; 1 held or later' },
      { name: 'dead letters', ok: true, detail: '0 put aside' },
    ]);
    const [delivery] = await queue.receive({ max: 1, leaseMs: 1_000, waitMs: 0 }, options);
    await queue.bury(delivery ?? expect.fail(), 'a bug', options);

    expect((await checkOutbox(path, clock))[1]).toEqual({
      name: 'dead letters',
      ok: false,
      detail: '1 put aside',
      fix: expect.stringContaining('gosling tasks list'),
    });
    await store.close();
  });

  it('fails where the file is no database', async () => {
    const path = join(dir, 'gosling.db');
    writeFileSync(path, 'not a database at all, but long enough to be taken for one '.repeat(40));

    expect(await checkOutbox(path, clock)).toMatchObject([{ name: 'reach', ok: false }]);
  });
});

describe('the self-check of a bucket', () => {
  it.each([
    [0, true],
    [1_900, true],
    [-2_000, true],
    [2_500, false],
    [-3_500, false],
    [60_000, false],
  ])('judges a server that is %i ms before us', async (skewMs, isRight) => {
    const server = createServer((request, response) => {
      request.resume();
      response.setHeader('date', new Date(clock.now() + skewMs).toUTCString());
      response.end('<ListBucketResult/>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };

    const found = await checkS3({ bucket: 'b', endpoint, credentials, clock, ids }, options.signal);

    expect(found.find(({ name }) => name === 'clock')).toMatchObject({ ok: isRight });
    server.closeAllConnections();
    server.close();
  });
});
