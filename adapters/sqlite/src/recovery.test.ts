import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { RunnerRow, readRow } from '@polar-gosling/ports/store';
import { aRunner, createFakeClock } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createSqliteStore, type SqliteStore } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-recovery-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const clock = createFakeClock();

type Mode = 'thread' | 'inline';
const open = (path: string, mode: Mode): Promise<SqliteStore> =>
  createSqliteStore({ path, clock, sealer, blobs: createMemoryBlobs(), logger: silentLogger, mode });

/** As JSON keeps it: without -0. */
const metadata = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => value !== null)
  .map((value) => JSON.parse(JSON.stringify(value)));
const runner = fc
  .record(
    {
      id: fc.stringMatching(/^[a-z0-9]{1,20}$/),
      state: fc.constantFrom(...RunnerRow.shape.state.options),
      pool: fc.constantFrom('apex', 'nadir'),
      desired: fc.constantFrom(...RunnerRow.shape.desired.options),
      made: fc.boolean(),
      strikes: fc.nat(),
      state_since: fc.nat(),
      deadline_at: fc.nat(),
      cloud_id: fc.string({ unit: 'grapheme' }),
      metadata,
      entry: fc.uint8Array({ maxLength: 300 }),
    },
    { requiredKeys: ['id', 'state'] },
  )
  .map((columns) => aRunner(columns));
const pool = fc.uniqueArray(runner, { selector: ({ id }) => id, minLength: 1, maxLength: 12 });

/** All of these rows are there as they were written, and can be changed from there. */
async function expectContinues(store: SqliteStore, rows: readonly RunnerRow[]): Promise<void> {
  const keys = rows.map(({ id }) => ({ table: 'runners', partition: id }) as const);
  const found = await store.get(keys, options);
  expect(found).toEqual(rows.map((row) => ({ ...row, version: 1, updated_at: clock.now() })));
  expect(found.map((row = {}) => readRow(RunnerRow, 'runners', row))).toEqual(found);
  const query = { table: 'runners', index: 'egg_name', partition: rows[0]?.egg_name ?? '' } as const;
  const { items } = await store.list(query, options);
  expect(items.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).toSorted());
  const changed = keys.map((key) => {
    const when = { kind: 'version', version: 1 } as const;
    return store.commit([{ kind: 'update', key, set: { state: 'terminating' }, when }], options);
  });
  expect(await Promise.all(changed)).toEqual(rows.map(() => ({ kind: 'ok' })));
}

describe.each([
  { mode: 'thread', closed: 1, killed: 19 },
  { mode: 'inline', closed: 1, killed: 1 },
] as const)('runners over a restart ($mode)', ({ mode, closed, killed }) => {
  it('Feature: gitops-runner-orchestration, Property 31: every runner is found as it was left, and goes on from there', {
    timeout: 120_000,
  }, async () => {
    const path = join(root, mode, 'state.db');
    const ends = fc.oneof(
      { weight: closed, arbitrary: fc.constant('closed') },
      { weight: killed, arbitrary: fc.constant('killed') },
    );
    let run = 0;
    let store = await open(path, mode);

    await fc.assert(
      fc.asyncProperty(pool, ends, async (drawn, end) => {
        run += 1;
        const rows = drawn.map((row) => ({ ...row, id: `${run}-${row.id}`, egg_name: `egg-${run}` }));
        const written = rows.map((row) =>
          store.commit([{ kind: 'put', table: 'runners', row, when: { kind: 'absent' } }], options),
        );
        await Promise.all(written);
        if (end === 'closed') {
          await store.close();
          store = await open(path, mode);
          await expectContinues(store, rows);
          return;
        }
        // What lies on the disk when its program is killed now.
        const copy = join(root, `${mode}-${run}.db`);
        for (const part of ['', '-wal']) copyFileSync(`${path}${part}`, `${copy}${part}`);
        const next = await open(copy, 'inline');
        await expectContinues(next, rows);
        await next.close();
        rmSync(copy);
      }),
    );
    await store.close();
  });
});
