import { type Clock, isCoded } from '@polar-gosling/kernel';
import type { BlobStore, Blobs } from '../blobs/blobs.ts';
import { asideKeyOf, contentHashOf } from '../blobs/content.ts';
import type { CallOptions } from '../call.ts';
import { keyOf } from './big-columns.ts';
import { movedTo } from './moved-value.ts';
import type { ColumnValue } from './store.ts';
import type { StoredRows } from './stored-rows.ts';
import { type TableName, tables } from './tables.ts';

/** What rows name by its content: values of big columns, bundles, and binaries of OpenTofu and of the agent. */
const folders = ['columns/', 'bundles/', 'tofu-binaries/', 'gosling-binaries/'] as const;
/** Their rows name the SHA-256 alone. */
const binaryTables: readonly TableName[] = ['opentofu_version', 'gosling_version'];

export interface ContentSweepDeps {
  readonly rows: StoredRows;
  readonly blobs: BlobStore;
  readonly clock: Pick<Clock, 'now'>;
  /** How long a value that no row names is left where it is, and then once more aside, in ms. */
  readonly keptMs: number;
}

/** How many values each. */
export interface ContentSweep {
  /** No row names them: they lie aside, are still read from there, and are removed when `keptMs` has passed. */
  readonly aside: number;
  /** A row named them after all: back in their place. */
  readonly restored: number;
  readonly removed: number;
}

/** So many of each folder in one pass; the next one goes on behind them. */
const mostAtOnce = 10_000;

/**
 * Removes the values of big columns, the bundles and the binaries that no row names, in two steps. They are content-addressed: a new
 * row may come to name an old one at any moment, between any look and any removal. So what no row names is first moved
 * aside, where readers still find it; the next pass puts back what a row names by then, and removes the rest when it is
 * old. Reads all rows, unless there is nothing to judge. Safe to break off anywhere, to repeat, and beside writers.
 */
export async function sweepContent(deps: ContentSweepDeps, options: CallOptions): Promise<ContentSweep> {
  const before = deps.clock.now() - deps.keptMs;
  const old = await keysAt(deps, { place: (key) => key, before }, options);
  const aside = await keysAt(deps, { place: asideKeyOf }, options);
  const named = await namedOf(deps.rows, new Set([...old.keys(), ...aside.keys()]), options);
  const counts = { aside: aside.size, restored: 0, removed: 0 };
  for (const [key, writtenAt] of aside) {
    if (named.has(key)) {
      await move(deps, { from: asideKeyOf(key), to: key }, options);
      counts.restored++;
      counts.aside--;
    } else if (writtenAt < before) {
      await deps.blobs.remove(asideKeyOf(key), options);
      counts.removed++;
      counts.aside--;
    }
  }
  for (const key of old.keys()) {
    if (named.has(key) || (await wasWrittenSince(deps, { key, before }, options))) continue;
    await move(deps, { from: key, to: asideKeyOf(key) }, options);
    counts.aside++;
  }
  return counts;
}

/**
 * What lies there, by the key that rows name it by. Where there is more than one pass may look at, the next one goes on
 * behind: a note says where, and is gone when the end was reached.
 */
async function keysAt(
  { blobs }: ContentSweepDeps,
  { place, before = Number.POSITIVE_INFINITY }: { place: (key: string) => string; before?: number },
  options: CallOptions,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const folder of folders) {
    const note = `sweeps/${place(folder).slice(0, -1)}`;
    const after = await readText(blobs, note, options);
    let seen = 0;
    let last: string | undefined;
    for await (const { key, writtenAt } of blobs.entries(place(folder), options)) {
      if (contentHashOf(key) === undefined || writtenAt >= before || key <= after) continue;
      found.set(`${folder}${key.slice(place(folder).length)}`, writtenAt);
      if (++seen < mostAtOnce) continue;
      last = key;
      break;
    }
    if (last !== undefined) await blobs.write(note, new TextEncoder().encode(last), options);
    else if (after !== '') await blobs.remove(note, options);
  }
  return found;
}

async function readText(blobs: Blobs, key: string, options: CallOptions): Promise<string> {
  return new TextDecoder().decode((await blobs.read(key, options)) ?? new Uint8Array());
}

/** Which of these values a row names; every row there is, ended ones too. */
async function namedOf(
  rows: StoredRows,
  wanted: ReadonlySet<string>,
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  if (wanted.size === 0) return named;
  const bySum = Map.groupBy(wanted, contentHashOf);
  for (const table of Object.keys(tables) as TableName[]) {
    const isOfBinaries = binaryTables.includes(table);
    for await (const name of namesIn(rows, table, options)) {
      if (wanted.has(name)) named.add(name);
      for (const key of (isOfBinaries && bySum.get(name)) || []) named.add(key);
    }
  }
  return named;
}

async function* namesIn(rows: StoredRows, table: TableName, options: CallOptions): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    options.signal.throwIfAborted();
    const page = await rows.storedPage(table, { cursor }, options);
    yield* page.items.flatMap((row) => Object.values(row)).flatMap((value) => keyNamedBy(value) ?? []);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function keyNamedBy(value: ColumnValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  const moved = movedTo(value);
  return moved && keyOf(moved.sha256);
}

/** A writer puts the value first and its row after it: its row may not have been there to be seen. */
async function wasWrittenSince(
  { blobs }: ContentSweepDeps,
  at: { key: string; before: number },
  options: CallOptions,
): Promise<boolean> {
  for await (const { writtenAt } of blobs.entries(at.key, options)) return writtenAt >= at.before;
  return true;
}

/** There first, then gone here: at no moment nowhere. What was changed behind our back is left for a person to look at. */
async function move(
  { blobs }: ContentSweepDeps,
  { from, to }: { from: string; to: string },
  options: CallOptions,
): Promise<void> {
  try {
    const chunks = await blobs.openRead(from, options);
    if (chunks === undefined) return;
    await blobs.writeFrom(to, chunks, options);
  } catch (error) {
    if (isCoded(error, 'BLOB_CORRUPT')) return;
    throw error;
  }
  await blobs.remove(from, options);
}
