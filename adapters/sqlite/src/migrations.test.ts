import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSystemClock, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { type TableName, tableSpec } from '@polar-gosling/ports/store/adapter';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore, inspectDatabase } from './index.ts';
import { tableNames } from './layout.ts';
import { type Migration, migrate, newestMigration } from './migrations.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-migrations-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const { signal } = new AbortController();

const first: Migration = { number: 1, name: 'first tables', up: () => undefined };
/** What a later release may do to the rows of an earlier one. */
const second: Migration = {
  number: 2,
  name: 'switches say who turned them',
  up: (db) => db.exec(`UPDATE switches SET doc = json_set(doc, '$.c.by', 'unknown') WHERE 1`),
};
const failing: Migration = {
  number: 2,
  name: 'a step that fails on the way',
  up: (db) => db.exec('DELETE FROM switches; SELECT * FROM no_such_table'),
};

let path = '';
let db: DatabaseSync;
beforeEach(() => {
  path = join(mkdtempSync(join(root, 'm-')), 'state.db');
  db = new DatabaseSync(path);
});
afterEach(() => {
  if (db.isOpen) db.close();
});

const apply = (steps: readonly Migration[]) => migrate(db, { path, nowMs: 1, steps });
const switches = () => db.prepare("SELECT json_extract(doc, '$.c.by') AS by FROM switches").all();
const turnOn = (name: string) =>
  db
    .prepare('INSERT INTO switches (name, doc) VALUES (?, ?)')
    .run(name, JSON.stringify({ c: { name, on: true } }));

describe('migrations', () => {
  it('bring the rows of an earlier release along, once', () => {
    apply([first]);
    turnOn('freeze');

    apply([second, first]);
    turnOn('freeze/my-egg');
    apply([first, second]);

    expect(switches()).toEqual([{ by: 'unknown' }, { by: null }]);
    expect(inspectDatabase(path)).toMatchObject({ migration: 2, newestMigration });
  });

  it('leave everything as it was when one fails, and the earlier release opens it', () => {
    apply([first]);
    turnOn('freeze');

    expect(() => apply([first, failing])).toThrow('no_such_table');

    expect(switches()).toEqual([{ by: null }]);
    expect(() => apply([first])).not.toThrow();
    expect(inspectDatabase(path).migration).toBe(1);
  });

  it('refuse an earlier release on a later schema, and touch nothing', () => {
    apply([first, second]);
    db.close();
    const before = readFileSync(path);
    db = new DatabaseSync(path);

    expect(() => apply([first])).toThrow(
      expect.objectContaining({ code: 'STORE_NEWER_SCHEMA', message: expect.stringContaining('schema 2') }),
    );

    db.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('read every row of a database that the release of schema 1 wrote', async () => {
    const dump = readFileSync(new URL('../testdata/schema-1.sql', import.meta.url), 'utf8');
    db.exec(dump);
    db.exec('PRAGMA application_id = 1198486380');
    db.close();
    const store = await createSqliteStore({
      path,
      clock: createSystemClock(),
      sealer: { seal: (bytes) => bytes, open: (bytes) => bytes },
      blobs: createMemoryBlobs(),
      logger: silentLogger,
      mode: 'inline',
    });

    for (const table of tablesOfSchema1(dump)) {
      const key = keyIn(dump, table);
      expect(await store.get([key], { signal }), table).toMatchObject([{ version: 3, note: 'of schema 1' }]);
    }
    expect(tablesOfSchema1(dump).filter((table) => !tableNames().includes(table))).toEqual([]);
    expect(await store.integrityCheck({ signal })).toEqual([]);
    await store.close();
  });
});

/** Tables with a row in the dump; `schema` tells of the database itself. */
function tablesOfSchema1(dump: string): TableName[] {
  const found = [...dump.matchAll(/^INSERT INTO "?(\w+)"?/gm)].map(([, table]) => table as TableName);
  return found.filter((table) => table !== 'schema');
}

/** The key that the row of this table has in the dump: as its document says. */
function keyIn(dump: string, table: TableName) {
  const [, doc = '{}'] = new RegExp(`^INSERT INTO "?${table}"?.*'(\\{.*\\})'`, 'm').exec(dump) ?? [];
  const { c: columns } = JSON.parse(doc);
  const spec = tableSpec(table);
  const partition = String(columns[spec.partition]);
  return spec.sort === undefined ? { table, partition } : { table, partition, sort: columns[spec.sort] };
}
