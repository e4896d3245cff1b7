import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex, silentLogger } from '@polar-gosling/kernel';
import { readContent } from '@polar-gosling/ports/blobs';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Write } from '@polar-gosling/ports/store';
import { sweepContent } from '@polar-gosling/ports/store/adapter';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { createSqliteStore, type SqliteStore } from './index.ts';

const options = { signal: new AbortController().signal };
const root = mkdtempSync(join(tmpdir(), 'gosling-sweep-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const dayMs = 86_400_000;
const nothing = { aside: 0, restored: 0, removed: 0 };

const why = (letter: string) => letter.repeat(70_000);
const putSwitch = (name: string, letter: string): Write => ({
  kind: 'put',
  table: 'switches',
  row: { name, on: true, why: why(letter) },
  when: { kind: 'any' },
});

async function aStore() {
  const clock = createFakeClock();
  const blobs = createMemoryBlobs({ clock });
  const path = join(mkdtempSync(join(root, 'db-')), 'state.db');
  const store = await createSqliteStore({ path, clock, sealer, blobs, logger: silentLogger, mode: 'inline' });
  const put = (name: string, letter: string) => store.commit([putSwitch(name, letter)], options);
  const drop = (name: string) =>
    store.commit(
      [{ kind: 'delete', key: { table: 'switches', partition: name }, when: { kind: 'any' } }],
      options,
    );
  const read = async (name: string) =>
    (await store.get([{ table: 'switches', partition: name }], options))[0]?.['why'];
  const sweep = (given: { rows?: Pick<SqliteStore, 'storedPage'>; blobs?: typeof blobs } = {}) =>
    sweepContent({ rows: store, blobs, clock, keptMs: 7 * dayMs, ...given }, options);
  const keys = () => blobs.list('', 100, options);
  return { clock, blobs, store, put, drop, read, sweep, keys };
}

describe('the sweep of big columns', () => {
  it('keeps what a row names, however old, and removes the rest in two steps of a week', async () => {
    const { clock, put, drop, read, sweep, keys } = await aStore();
    await put('kept', 'a');
    await put('gone', 'b');
    await drop('gone');
    expect(await sweep()).toEqual(nothing);

    await clock.advance(7 * dayMs + 1);
    expect(await sweep()).toEqual({ ...nothing, aside: 1 });
    expect((await keys()).filter((key) => key.startsWith('unreferenced/'))).toHaveLength(1);
    await clock.advance(6 * dayMs);
    expect(await sweep()).toEqual({ ...nothing, aside: 1 });
    await clock.advance(2 * dayMs);
    expect(await sweep()).toEqual({ ...nothing, removed: 1 });

    expect(await keys()).toHaveLength(1);
    expect(await read('kept')).toBe(why('a'));
  });

  it('does the same for bundles that deployments and plans name', async () => {
    const { clock, blobs, store, sweep, keys } = await aStore();
    const [named, left] = ['named', 'left'].map((text) => new TextEncoder().encode(text));
    const keyOf = (bytes = new Uint8Array()) => `bundles/${sha256Hex(bytes)}`;
    for (const bytes of [named, left]) await blobs.write(keyOf(bytes), bytes ?? new Uint8Array(), options);
    const row = { egg_name: 'web', id: 'd1', bundle_ref: keyOf(named) };
    await store.commit([{ kind: 'put', table: 'deployments', row, when: { kind: 'any' } }], options);

    await clock.advance(8 * dayMs);
    expect(await sweep()).toEqual({ ...nothing, aside: 1 });
    expect(await readContent(blobs, keyOf(left), options)).toEqual(left);
    await clock.advance(8 * dayMs);
    expect(await sweep()).toEqual({ ...nothing, removed: 1 });

    expect(await keys()).toEqual([keyOf(named)]);
  });

  it('gives a value that is aside to the row that came to name it, and puts it back', async () => {
    const { clock, blobs, store, put, drop, read, sweep, keys } = await aStore();
    await put('first', 'a');
    await drop('first');
    await clock.advance(8 * dayMs);
    // A writer that was stopped between its value and its row while the sweep took the value away.
    const stopped = {
      ...blobs,
      remove: async (key: string, call: typeof options) => {
        await put('second', 'a');
        await blobs.remove(key, call);
      },
    };
    expect(await sweep({ blobs: stopped })).toEqual({ ...nothing, aside: 1 });
    expect(await read('second')).toBe(why('a'));

    await clock.advance(8 * dayMs);
    expect(await sweep()).toEqual({ ...nothing, restored: 1 });

    expect(await read('second')).toBe(why('a'));
    expect(await keys()).toEqual([expect.stringMatching(/^columns\//)]);
    await store.close();
  });

  it('leaves a value alone that was written again since the sweep began', async () => {
    const { clock, store, put, drop, sweep } = await aStore();
    await put('first', 'a');
    await drop('first');
    await clock.advance(8 * dayMs);
    const rows: Pick<SqliteStore, 'storedPage'> = {
      async storedPage(table, at, call) {
        const page = await store.storedPage(table, at, call);
        if (table === 'switches') await put('second', 'a');
        return page;
      },
    };

    expect(await sweep({ rows })).toEqual(nothing);
  });

  it('reads no row where there is no old value to judge', async () => {
    const { put, sweep } = await aStore();
    await put('kept', 'a');

    expect(await sweep({ rows: { storedPage: () => expect.unreachable('a pass over all rows') } })).toEqual(
      nothing,
    );
  });

  it('leaves a changed value to a person and goes on with the others', async () => {
    const { clock, blobs, put, drop, sweep } = await aStore();
    for (const [name, letter] of [
      ['one', 'a'],
      ['two', 'b'],
    ] as const) {
      await put(name, letter);
      await drop(name);
    }
    const [damaged = ''] = await blobs.list('columns/', 1, options);
    const openRead: typeof blobs.openRead = async (key, call) => {
      if (key !== damaged) return blobs.openRead(key, call);
      const { blobErrors } = await import('@polar-gosling/ports/blobs');
      throw blobErrors.corrupt({ key });
    };
    await clock.advance(8 * dayMs);

    await sweep({ blobs: { ...blobs, openRead } });

    expect(await blobs.list('columns/', 9, options)).toEqual([damaged]);
  });
});
