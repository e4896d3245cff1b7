import { type Clock, isCoded } from '@polar-gosling/kernel';
import type { Blobs } from '../blobs/blobs.ts';
import { contentHashOf } from '../blobs/content.ts';
import type { CallOptions } from '../call.ts';
import { asideKeyOf, keyOf } from './big-columns.ts';
import { movedTo } from './moved-value.ts';
import type { StoredRows } from './stored-rows.ts';
import { type TableName, tables } from './tables.ts';

export interface ColumnSweepDeps {
  readonly rows: StoredRows;
  readonly blobs: Blobs;
  readonly clock: Pick<Clock, 'now'>;
  /** How long a value that no row names is left where it is, and then once more aside, in ms. */
  readonly keptMs: number;
}

/** How many values each. */
export interface ColumnSweep {
  /** No row names them: they lie aside, are still read from there, and are removed when `keptMs` has passed. */
  readonly aside: number;
  /** A row named them after all: back in their place. */
  readonly restored: number;
  readonly removed: number;
}

/** So many in one pass; the rest waits for the next one. */
const mostAtOnce = 10_000;

/**
 * Removes the values of big columns that no row names, in two steps. A value is content-addressed: a new row may come
 * to name an old one at any moment, between any look and any removal. So what no row names is first moved aside, where
 * readers still find it; the next pass puts back what a row names by then, and removes the rest when it is old. Reads
 * all rows, unless there is nothing to judge. Safe to break off anywhere, to repeat, and beside writers.
 */
export async function sweepColumns(deps: ColumnSweepDeps, options: CallOptions): Promise<ColumnSweep> {
  const before = deps.clock.now() - deps.keptMs;
  const old = await hashesBelow(deps, { prefix: keyOf(''), before }, options);
  const aside = await hashesBelow(deps, { prefix: asideKeyOf('') }, options);
  const named = await namedOf(deps.rows, new Set([...old.keys(), ...aside.keys()]), options);
  const counts = { aside: aside.size, restored: 0, removed: 0 };
  for (const [sha256, writtenAt] of aside) {
    if (named.has(sha256)) {
      await move(deps, { from: asideKeyOf(sha256), to: keyOf(sha256) }, options);
      counts.restored++;
      counts.aside--;
    } else if (writtenAt < before) {
      await deps.blobs.remove(asideKeyOf(sha256), options);
      counts.removed++;
      counts.aside--;
    }
  }
  for (const sha256 of old.keys()) {
    if (named.has(sha256) || (await wasWrittenSince(deps, { sha256, before }, options))) continue;
    await move(deps, { from: keyOf(sha256), to: asideKeyOf(sha256) }, options);
    counts.aside++;
  }
  return counts;
}

async function hashesBelow(
  { blobs }: ColumnSweepDeps,
  { prefix, before = Number.POSITIVE_INFINITY }: { prefix: string; before?: number },
  options: CallOptions,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const { key, writtenAt } of blobs.entries(prefix, options)) {
    const sha256 = contentHashOf(key);
    if (sha256 !== undefined && writtenAt < before) found.set(sha256, writtenAt);
    if (found.size === mostAtOnce) break;
  }
  return found;
}

/** Which of these values a row names; every row there is, ended ones too. */
async function namedOf(
  rows: StoredRows,
  wanted: ReadonlySet<string>,
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  if (wanted.size === 0) return named;
  for (const table of Object.keys(tables) as TableName[]) {
    let cursor: string | undefined;
    do {
      options.signal.throwIfAborted();
      const page = await rows.storedPage(table, { cursor }, options);
      for (const value of page.items.flatMap((row) => Object.values(row))) {
        const sha256 = movedTo(value)?.sha256;
        if (sha256 !== undefined && wanted.has(sha256)) named.add(sha256);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
  return named;
}

/** A writer puts the value first and its row after it: its row may not have been there to be seen. */
async function wasWrittenSince(
  { blobs }: ColumnSweepDeps,
  at: { sha256: string; before: number },
  options: CallOptions,
): Promise<boolean> {
  for await (const { writtenAt } of blobs.entries(keyOf(at.sha256), options)) return writtenAt >= at.before;
  return true;
}

/** What was changed behind our back is left for a person to look at. */
async function readWhole(blobs: Blobs, key: string, options: CallOptions): Promise<Uint8Array | undefined> {
  try {
    return await blobs.read(key, options);
  } catch (error) {
    if (isCoded(error, 'BLOB_CORRUPT')) return undefined;
    throw error;
  }
}

/** There first, then gone here: at no moment nowhere. */
async function move(
  { blobs }: ColumnSweepDeps,
  { from, to }: { from: string; to: string },
  options: CallOptions,
): Promise<void> {
  const bytes = await readWhole(blobs, from, options);
  if (bytes === undefined) return;
  await blobs.write(to, bytes, options);
  await blobs.remove(from, options);
}
