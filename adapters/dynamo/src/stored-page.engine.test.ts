import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Sealer } from '@polar-gosling/ports/store';
import { resealRows } from '@polar-gosling/ports/store/adapter';
import { createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { engineUrl, noEngine, openLocalStore } from './testing/local-engine.ts';

const options = { signal: new AbortController().signal };
const rows = 60;
const bytes = 40_000;

/** Incompressible, so that the rows take several pages of 1 MB; the last is so big that it lies among the blobs. */
function entryOf(n: number): Uint8Array {
  let state = n + 1;
  return Uint8Array.from({ length: n === rows - 1 ? 3 * bytes : bytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

async function openFilled() {
  const key = { inForce: 1 };
  const sealer: Sealer = {
    seal: (plain) => Uint8Array.of(key.inForce, ...plain),
    open: (sealed) => sealed.slice(1),
  };
  const blobs = createMemoryBlobs();
  const store = await openLocalStore({
    clock: createFakeClock(),
    sealer,
    blobs,
    tables: ['schema', 'runners'],
  });
  for (let n = 0; n < rows; n++) {
    const row = { id: `r${n}`, egg_name: 'e', entry: entryOf(n) };
    await store.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'absent' } }], options);
  }
  const onlyRunners = {
    ...store,
    storedPage: async (...[table, at, call]: Parameters<typeof store.storedPage>) =>
      table === 'runners' ? store.storedPage(table, at, call) : { items: [] },
  };
  const isCurrent = (sealed: Uint8Array) => sealed[0] === key.inForce;
  return { key, store, deps: { store: onlyRunners, blobs, isCurrent } };
}

describe('sealing every row again in DynamoDB', { timeout: 120_000 }, () => {
  it('finds all rows over several pages, also when it was cut off and rows change meanwhile', async (context) => {
    if (engineUrl === '') context.skip(noEngine);
    const { key, store, deps } = await openFilled();
    key.inForce = 2;
    const cut = new AbortController();
    let pages = 0;
    const onPage = async () => {
      pages++;
      cut.abort(new Error('cut off'));
    };
    const whenCut = resealRows({ ...deps, onPage }, { signal: cut.signal });
    await expect(whenCut).rejects.toThrow('cut off');
    expect(pages).toBe(1);

    const writing = store.commit(
      [
        {
          kind: 'update',
          key: { table: 'runners', partition: 'r3' },
          set: { state: 'idle' },
          when: { kind: 'any' },
        },
      ],
      options,
    );
    const more = await resealRows(deps, options);
    await writing;

    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThan(rows);
    expect(await resealRows(deps, options)).toBe(0);
    const keys = Array.from({ length: rows }, (_, n) => ({ table: 'runners', partition: `r${n}` }) as const);
    for (const [n, row] of (await store.get(keys, options)).entries()) {
      expect(Buffer.from(row?.['entry'] as Uint8Array).equals(entryOf(n))).toBe(true);
    }
    await store.close();
  });
});
