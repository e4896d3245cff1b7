import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import { silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { outboxWrite } from '@polar-gosling/ports/queue';
import { createOutboxQueue } from '@polar-gosling/ports/queue/outbox';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkDirectory, checkOutbox, checkRoom, checkS3, checkSqlite } from './checks.ts';

const options = { signal: new AbortController().signal };
const clock = createFakeClock();
const ids = createSeededIds(1, clock);
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gosling-checks-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const garbage = 'not a database at all, but long enough to be taken for one '.repeat(40);
const aStore = (path: string) =>
  createSqliteStore({
    ...{ path, clock, logger: silentLogger, mode: 'inline', blobs: createMemoryBlobs() },
    sealer: { seal: (bytes) => bytes, open: (bytes) => bytes },
  });

describe('the self-check of the SQLite store', () => {
  let path = '';
  beforeEach(() => {
    path = join(dir, 'gosling.db');
  });
  /** A database that was closed, after a hand was laid on it. */
  const afterwards = async (sql: string) => {
    await (await aStore(path)).close();
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    return checkSqlite(path);
  };

  it('is content with a file that is not there yet, and with one of this release', async () => {
    expect(await checkSqlite(path)).toMatchObject([{ name: 'file', ok: true }]);

    const found = await afterwards('SELECT 1');

    expect(found.map(({ name }) => name)).toEqual(['integrity', 'journal', 'schema', 'rights', 'room']);
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('says how to close a file that is open to others', async () => {
    await (await aStore(path)).close();
    chmodSync(path, 0o644);

    expect(await checkSqlite(path)).toContainEqual({
      ...{ name: 'rights', ok: false },
      ...{ detail: 'open to others (644)', fix: `chmod 600 ${path}` },
    });
  });

  it('sees a file that is no database', async () => {
    writeFileSync(path, garbage);

    const [integrity] = await checkSqlite(path);

    expect(integrity).toMatchObject({ name: 'integrity', ok: false });
    expect(integrity?.fix).toContain('gosling restore');
  });

  it('sees damage inside of a database', async () => {
    await afterwards("CREATE TABLE hurt (a UNIQUE); INSERT INTO hurt VALUES ('as it was')");
    const bytes = readFileSync(path);
    // It lies in the table and in its index; now the two differ.
    bytes.write('as it IS!', bytes.lastIndexOf('as it was'));
    writeFileSync(path, bytes);

    const [integrity] = await checkSqlite(path);

    expect(integrity).toMatchObject({ name: 'integrity', ok: false });
    expect(integrity?.detail).toMatch(/^\d problems, the first: .*hurt/);
    expect(integrity?.fix).toContain('gosling restore');
  });

  it('sees a journal that is no WAL', async () => {
    const found = await afterwards('PRAGMA journal_mode = DELETE');

    expect(found).toContainEqual({
      ...{ name: 'journal', ok: false, detail: 'journal mode delete' },
      fix: expect.stringContaining('local disk'),
    });
  });

  it('sees a schema of a newer release', async () => {
    const found = await afterwards(`UPDATE schema SET doc = json_set(doc, '$.c.migration', 99)`);

    expect(found).toContainEqual({
      ...{ name: 'schema', ok: false, detail: expect.stringContaining('schema 99, this release writes') },
      fix: expect.stringContaining('newer release'),
    });
  });

  it('wants 256 MB of room beside it', async () => {
    const room = (blocks: number) => checkRoom(dir, async () => ({ bavail: blocks, bsize: 1_048_576 }));

    expect(await room(256)).toEqual({ name: 'room', ok: true, detail: '256 MB free' });
    expect(await room(255)).toMatchObject({ name: 'room', ok: false, detail: '255 MB free', fix: /./ });
  });
});

describe('the self-check of a folder of blobs', () => {
  /** For root every folder can be written. */
  const asNobody = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      return await action();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  };

  it('makes it where it is not there, and leaves nothing in it', async () => {
    const found = await checkDirectory(join(dir, 'blobs'));

    expect(found).toMatchObject([
      { name: 'reach', ok: true },
      { name: 'room', ok: true },
    ]);
    expect(readdirSync(join(dir, 'blobs'))).toEqual([]);
  });

  it('names one that may be read only', async () => {
    chmodSync(dir, 0o555);

    const found = await asNobody(() => checkDirectory(dir));

    expect(found).toEqual([
      { name: 'reach', ok: false, detail: `${dir}: EACCES`, fix: expect.stringContaining('GOSLING_BLOBS') },
    ]);
  });

  it('names a file in its place', async () => {
    const file = join(dir, 'blobs');
    writeFileSync(file, '');

    expect(await checkDirectory(file)).toMatchObject([
      { name: 'reach', ok: false, detail: `${file}: EEXIST` },
    ]);
  });
});

describe('the self-check of the queue in SQLite', () => {
  it('tells what waits and how long, and of messages that wait for a person', async () => {
    const path = join(dir, 'gosling.db');
    expect(await checkOutbox(path, clock)).toMatchObject([{ name: 'reach', ok: true }]);
    const store = await aStore(path);
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
    writeFileSync(path, garbage);

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
