import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { createSystemClock, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Sealer, Store, Write } from '@polar-gosling/ports/store';
import { describeStoreContract } from '@polar-gosling/ports/store/contract';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore, type SqliteStore, type SqliteStoreOptions } from './index.ts';

const options = { signal: new AbortController().signal };
const root = mkdtempSync(join(tmpdir(), 'gosling-sqlite-'));
const newPath = () => join(mkdtempSync(join(root, 'db-')), 'data', 'state.db');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const key = randomBytes(32);
const sealer: Sealer = {
  seal(bytes, context) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body]));
  },
  open(sealed, context) {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(12, 28));
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]));
  },
};

for (const mode of ['thread', 'inline'] as const) {
  describeStoreContract({
    name: `SQLite, ${mode}`,
    create: ({ clock }) =>
      createSqliteStore({
        path: newPath(),
        clock,
        sealer,
        blobs: createMemoryBlobs(),
        logger: silentLogger,
        mode,
      }),
  });
}

describe('createSqliteStore', () => {
  let path = '';
  const opened: Store[] = [];
  const open = async (more: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> => {
    const clock = createFakeClock();
    const store = await createSqliteStore({
      path,
      clock,
      sealer,
      blobs: createMemoryBlobs(),
      logger: silentLogger,
      mode: 'inline',
      ...more,
    });
    opened.push(store);
    return store;
  };
  beforeEach(() => {
    path = newPath();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  const putRunner = (id: string, columns: object = {}): Write => ({
    kind: 'put',
    table: 'runners',
    row: { id, egg_name: 'my-egg', created_at: 1, ...columns },
    when: { kind: 'any' },
  });
  const runner = (id: string) => [{ table: 'runners', partition: id }] as const;

  it('keeps rows over a restart', async () => {
    const first = await open({ mode: 'thread' });
    await first.commit([putRunner('r1', { entry: Uint8Array.of(1, 2, 3) })], options);
    await first.close();

    const again = await open();

    expect(await again.get(runner('r1'), options)).toMatchObject([
      { id: 'r1', entry: Uint8Array.of(1, 2, 3) },
    ]);
  });

  it('makes its files for this user only', async () => {
    const store = await open();
    await store.commit([putRunner('r1')], options);

    const modes = readdirSync(join(path, '..')).map((name) => statSync(join(path, '..', name)).mode & 0o777);

    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
  });

  it('never has a sealed column in clear in any of its files', async () => {
    const store = await open();
    const canary = `CANARY-${randomBytes(12).toString('hex')}`;
    for (let round = 0; round < 20; round++) {
      await store.commit([putRunner(`r${round}`, { entry: Buffer.from(canary.repeat(50)) })], options);
    }
    await store.backup(join(root, 'canary.db'), options);

    const files = [
      ...readdirSync(join(path, '..')).map((name) => join(path, '..', name)),
      join(root, 'canary.db'),
    ];

    for (const file of files) {
      const bytes = readFileSync(file);
      for (const form of [
        canary,
        Buffer.from(canary).toString('base64').slice(0, 24),
        Buffer.from(canary).toString('hex'),
      ]) {
        expect(bytes.includes(form)).toBe(false);
      }
    }
  });

  it.each(['thread', 'inline'] as const)(
    'refuses a sealed column of another Egg by the key of its row, and goes on (%s)',
    async (mode) => {
      const store = await open({ mode });
      const ofEgg = (id: string, egg: string) =>
        putRunner(id, { egg_name: egg, entry: Buffer.from(`of ${egg}`) });
      await store.commit([ofEgg('r1', 'egg-a'), ofEgg('r2', 'egg-b')], options);
      const db = new DatabaseSync(path);
      const sealed = String(
        db.prepare("SELECT json_extract(doc, '$.b.entry') AS entry FROM runners WHERE id = 'r2'").get()?.[
          'entry'
        ],
      );
      db.prepare("UPDATE runners SET doc = json_set(doc, '$.b.entry', ?) WHERE id = 'r1'").run(sealed);
      db.close();
      const ofA = { table: 'runners', index: 'egg_name', partition: 'egg-a' } as const;

      for (const read of [() => store.get(runner('r1'), options), () => store.list(ofA, options)]) {
        const error = await read().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          code: 'SEAL_BROKEN',
          message: expect.stringContaining('runners ["r1"] entry'),
        });
        const told = inspect(error, { depth: 9 });
        for (const value of ['of egg-a', 'of egg-b', sealed]) expect(told).not.toContain(value);
      }

      expect(await store.get(runner('r2'), options)).toMatchObject([{ egg_name: 'egg-b' }]);
      expect(await store.commit([ofEgg('r1', 'egg-a')], options)).toEqual({ kind: 'ok' });
      const mended = { id: 'r1', entry: Uint8Array.from(Buffer.from('of egg-a')) };
      expect(await store.list(ofA, options)).toMatchObject({ items: [mended] });
    },
  );

  it('removes ended rows as fast as they end, however many', async () => {
    const clock = createFakeClock();
    const store = await open({ clock });
    const metric = (at: number): Write => ({
      kind: 'put',
      table: 'runner_metrics',
      row: { runner_id: 'r1', timestamp: at, expires_at: clock.now() + 1_000 },
      when: { kind: 'any' },
    });
    for (let first = 0; first < 1_200; first += 20) {
      await store.commit(
        Array.from({ length: 20 }, (_, n) => metric(first + n)),
        options,
      );
    }
    for (let second = 0; second < 65; second++) {
      await clock.advance(1_000);
      await store.commit([putRunner('r1')], options);
    }

    const db = new DatabaseSync(path);
    const left = db.prepare('SELECT count(*) AS n FROM runner_metrics').get();
    db.close();

    expect(left).toEqual({ n: 0 });
  });

  it.each(['thread', 'inline'] as const)(
    'writes 64 units that come together with one commit, without the 7 that conflict (%s)',
    async (mode) => {
      const store = await open({ mode });
      await store.commit([putRunner('first')], options);
      const before = commitsInLog(path);
      const failing = [0, 5, 17, 31, 32, 50, 63];
      const units = Array.from({ length: 64 }, (_, place): Write[] => [
        putRunner(`a${place}`),
        {
          ...putRunner(`b${place}`),
          when: { kind: failing.includes(place) ? 'present' : 'absent' },
        } as Write,
      ]);

      const results = await Promise.all(units.map((unit) => store.commit(unit, options)));

      expect(results.flatMap(({ kind }, place) => (kind === 'conflict' ? [place] : []))).toEqual(failing);
      expect(commitsInLog(path) - before).toBe(1);
    },
  );

  it('refuses a database of a newer release and leaves it as it is', async () => {
    await (await open()).close();
    const db = new DatabaseSync(path);
    db.exec(`UPDATE schema SET doc = json_set(doc, '$.c.migration', 99)`);
    db.close();
    const before = readFileSync(path);

    for (const mode of ['inline', 'thread'] as const) {
      await expect(open({ mode })).rejects.toMatchObject({
        code: 'STORE_NEWER_SCHEMA',
        message: expect.stringContaining('schema 99'),
      });
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('gives a database of an earlier release the indexes it lacks', async () => {
    const first = await open();
    await first.commit([putRunner('r1', { state: 'idle', deadline_at: 5, later_column: 'kept' })], options);
    await first.close();
    const db = new DatabaseSync(path);
    db.exec('DROP INDEX runners_by_state_deadline_at_id; ALTER TABLE runners DROP COLUMN deadline_at');
    db.exec('DROP TABLE budgets');
    db.close();

    const store = await open();

    const page = await store.list({ table: 'runners', index: 'state', partition: 'idle' }, options);
    expect(page.items).toMatchObject([{ id: 'r1', later_column: 'kept' }]);
    expect(await store.get([{ table: 'budgets', partition: 'x' }], options)).toEqual([undefined]);
  });

  it('lets columns that it does not know pass through updates', async () => {
    const store = await open();
    await store.commit([putRunner('r1', { of_next_release: { deep: [1] } })], options);

    await store.commit(
      [{ kind: 'update', key: runner('r1')[0], set: { state: 'idle' }, when: { kind: 'any' } }],
      options,
    );

    expect(await store.get(runner('r1'), options)).toMatchObject([
      { of_next_release: { deep: [1] }, state: 'idle' },
    ]);
  });

  it('refuses the database of another program and what is no database', async () => {
    mkdirSync(join(path, '..'));
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE notes (text)');
    other.close();
    await expect(open({ mode: 'thread' })).rejects.toMatchObject({
      code: 'STORE_NOT_OPENED',
      message: expect.stringContaining('another program'),
    });

    path = newPath();
    mkdirSync(join(path, '..'));
    writeFileSync(path, 'this is no database, this is a text that is longer than a header'.repeat(100));
    await expect(open()).rejects.toMatchObject({ code: 'STORE_NOT_OPENED' });
  });

  it('makes a backup that opens, while others write', async () => {
    const store = await open({ mode: 'thread', clock: createSystemClock() });
    const target = join(root, 'copy', 'state.db');
    mkdirSync(join(root, 'copy'));
    await Promise.all(
      Array.from({ length: 50 }, (_, place) => store.commit([putRunner(`a${place}`)], options)),
    );
    const writes = Array.from({ length: 300 }, (_, place) =>
      store.commit([putRunner(`b${place}`), putRunner(`c${place}`)], options),
    );

    await store.backup(target, options);
    await Promise.all(writes);

    path = target;
    const copy = await open();
    expect(await copy.integrityCheck(options)).toEqual([]);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const rows = await copy.list(
      { table: 'runners', index: 'egg_name', partition: 'my-egg', limit: 1_000 },
      options,
    );
    const ids = rows.items.map((row) => String(row['id']));
    expect(ids.filter((id) => id.startsWith('a'))).toHaveLength(50);
    expect(ids.filter((id) => id.startsWith('b')).length).toBe(ids.filter((id) => id.startsWith('c')).length);
  });

  it('removes rows that are past their end from the file', async () => {
    const clock = createFakeClock();
    const store = await open({ clock });
    await store.commit([putRunner('r1', { expires_at: clock.now() })], options);

    await clock.advance(120_000);
    await store.commit([putRunner('r2')], options);

    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare('SELECT id FROM runners').all()).toEqual([{ id: 'r2' }]);
    db.close();
  });

  it('reads an index for each query of the outbox and of ended rows', async () => {
    await open();
    const db = new DatabaseSync(path, { readOnly: true });
    const plan = (sql: string) => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());

    const due = `SELECT doc FROM outbox WHERE "unsent" = 'work' AND "visible_at" IS NOT NULL AND "visible_at" <= 5 ORDER BY "visible_at", "id"`;
    expect(plan(due)).toContain('outbox_by_unsent_visible_at_id');
    expect(plan(due)).not.toContain('TEMP B-TREE');
    expect(plan('SELECT rowid FROM runners WHERE "expires_at" < 5')).toContain('runners_by_expires_at');
    db.close();
  });
});

/** Frames of the log that end a transaction: they tell the size of the database after it. */
function commitsInLog(path: string): number {
  const log = readFileSync(`${path}-wal`);
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) {
    if (log.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return commits;
}
