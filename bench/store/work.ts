import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '../../adapters/sqlite/src/index.ts';
import { createSystemClock, mapLimit, silentLogger } from '../../packages/kernel/src/index.ts';
import { createMemoryBlobs } from '../../packages/ports/src/blobs/memory.ts';

const writers = 64;
const warmUp = 5_000;

// `work.ts MODE COMMITS FOLDER`: 64 writers that each wait for their answer; prints µs for each commit. `one by one`: the
// same writers and store, with one commit on its way at a time, so that each has a group and a sync of its own.
const [mode = 'groups', count = '1000', folder = '.'] = process.argv.slice(2);
const commits = Number(count);
const dir = mkdtempSync(join(folder, 'store-'));
const clock = createSystemClock();
const options = { signal: new AbortController().signal };
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const store = await createSqliteStore({
  path: join(dir, 'gosling.db'),
  clock,
  sealer,
  blobs: createMemoryBlobs(),
  logger: silentLogger,
});
let turn: Promise<unknown> = Promise.resolve();

// In groups for both: until the code is compiled.
await writeAll('warm', { total: warmUp, isGrouped: true });
const startedAt = clock.monotonic();
await writeAll('row', { total: commits, isGrouped: mode === 'groups' });
const wallUs = (clock.monotonic() - startedAt) * 1_000;
const isWritten = await isThere(`row-${commits - 1}`);
await store.close();
rmSync(dir, { recursive: true });
process.stdout.write(
  `${JSON.stringify({ value: Number((wallUs / commits).toPrecision(4)), result: { isWritten } })}\n`,
);

async function writeAll(name: string, plan: { total: number; isGrouped: boolean }): Promise<void> {
  const numbers = Array.from({ length: plan.total }, (_, number) => number);
  await mapLimit(numbers, { limit: writers, ...options }, (number) => {
    const commit = () => write(`${name}-${number}`);
    return plan.isGrouped ? commit() : alone(commit);
  });
}

function alone(action: () => Promise<void>): Promise<void> {
  const done = turn.then(action);
  turn = done;
  return done;
}

async function write(name: string): Promise<void> {
  const row = { name, on: true, why: 'so that a commit has something to write', by: 'bench' };
  const { kind } = await store.commit(
    [{ kind: 'put', table: 'switches', row, when: { kind: 'absent' } }],
    options,
  );
  if (kind !== 'ok') throw new Error(`${name} was not written: ${kind}`);
}

async function isThere(name: string): Promise<boolean> {
  const [row] = await store.get([{ table: 'switches', partition: name }], options);
  return row !== undefined;
}
