import { isCoded } from '@polar-gosling/kernel';
import { contentHashOf } from '@polar-gosling/ports/blobs';
import type { CallOptions } from '@polar-gosling/ports/store';
import { sweepContent } from '@polar-gosling/ports/store/adapter';
import type { InternalDeps } from '../deps.ts';

const dayMs = 86_400_000;
/** Longer than any run, any writer between its value and its row, and a week end. */
const keptMs = 7 * dayMs;
const readAtOnce = 100;

/**
 * Removes blobs that nothing names any more: logs and left-over states of runs whose rows have ended, and values of big
 * columns, bundles and binaries without a row. Told in the metrics. Safe to repeat and beside everything else.
 */
export async function sweepBlobs(deps: InternalDeps, options: CallOptions): Promise<void> {
  const runs = await sweepRuns(deps, options);
  await moveOldBinaries(deps, options);
  const content = deps.storedRows
    ? await sweepContent({ ...deps, rows: deps.storedRows, keptMs }, options)
    : { aside: 0, restored: 0, removed: 0 };
  const removed = runs + content.removed;
  deps.metrics.blobs({ aside: content.aside, removed });
  if (content.restored > 0)
    deps.log.warn('values that a row came to name were put back', { count: content.restored });
  if (removed > 0) deps.log.info('blobs that nothing names any more were removed', { count: removed });
}

/** Earlier releases kept the build that came last under its version: it goes where its content names it. */
async function moveOldBinaries(deps: InternalDeps, options: CallOptions): Promise<void> {
  for (const folder of ['tofu-binaries/', 'gosling-binaries/']) {
    for await (const { key } of deps.blobs.entries(folder, options)) {
      if (contentHashOf(key) === undefined) await moveOldBinary(deps, key, options);
    }
  }
}

async function moveOldBinary({ blobs, log }: InternalDeps, key: string, options: CallOptions): Promise<void> {
  try {
    const chunks = await blobs.openRead(key, options);
    if (chunks === undefined) return;
    await blobs.putContent(key.slice(0, key.lastIndexOf('/')), chunks, options);
    await blobs.remove(key, options);
  } catch (error) {
    if (!isCoded(error, 'BLOB_CORRUPT')) throw error;
    log.warn('a binary that an earlier release kept is damaged', { error });
  }
}

/** Run ids are never used again: what lies under one whose row is gone can only be left over. */
async function sweepRuns(deps: InternalDeps, options: CallOptions): Promise<number> {
  const before = deps.clock.now() - keptMs;
  let removed = 0;
  let batch: string[] = [];
  for await (const { key, writtenAt } of deps.blobs.entries('runs/', options)) {
    if (writtenAt < before) batch.push(key);
    if (batch.length < readAtOnce) continue;
    removed += await removeEnded(deps, batch, options);
    batch = [];
  }
  return removed + (await removeEnded(deps, batch, options));
}

async function removeEnded(
  deps: InternalDeps,
  keys: readonly string[],
  options: CallOptions,
): Promise<number> {
  if (keys.length === 0) return 0;
  const rowKeys = keys.map((key) => ({ table: 'runs', partition: key.split('/')[1] ?? '' }) as const);
  const rows = await deps.store.get(rowKeys, options);
  const ended = keys.filter((_, place) => rows[place] === undefined);
  for (const key of ended) await deps.blobs.remove(key, options);
  return ended.length;
}
