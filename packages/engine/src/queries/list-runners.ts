import { type CallOptions, type Page, type RunnerRow, storeErrors } from '@polar-gosling/ports/store';
import { z } from 'zod';
import type { Caller } from '../api/caller.ts';
import type { PageRequest, RunnerView } from '../api/queries.ts';
import { sees } from '../commands/sees.ts';
import type { InternalDeps } from '../deps.ts';
import { getRows, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { readNestRow } from '../sync/write-nest.ts';
import { withAgents } from './lists.ts';

export interface RunnerFilter extends PageRequest {
  readonly egg?: string;
  readonly state?: string;
  readonly pool?: string;
}

/** Pages of the store that one answer may cost; a filter that lets little through gives a short page and a cursor. */
const mostReads = 100;
const atOnce = 100;

/** Where a list stands: in which Egg, and how far into it. */
const Place = z.strictObject({ egg: z.string(), at: z.string().optional() });
type Place = z.infer<typeof Place>;

/** Runners, newest first within an Egg; without one, Egg after Egg. Ended ones only where `state` asks for them. */
export async function listRunners(
  deps: InternalDeps,
  at: { caller: Caller; filter: RunnerFilter },
  options: CallOptions,
): Promise<Page<RunnerView>> {
  const { caller, filter } = at;
  const all = filter.egg === undefined ? ((await readNestRow(deps, options))?.eggs ?? []) : [filter.egg];
  const eggs = all.filter((name) => sees(caller, name)).toSorted();
  const found: RunnerRow[] = [];
  let place = startOf(eggs, filter.cursor);
  let full: Place | undefined;
  let limit = atOnce;
  for (let reads = 0; place !== undefined && reads < mostReads; reads++) {
    options.signal.throwIfAborted();
    const page = await readPage(deps, { place, filter, limit }, options);
    const rows = page.items.filter((row) => matches(row, filter));
    const missing = filter.limit - found.length;
    if (missing === 0 && rows.length > 0) break;
    if (rows.length > missing) {
      // The store's cursor stands behind its page: a page of what is missing at most ends where this list must.
      limit = missing;
      continue;
    }
    limit = atOnce;
    found.push(...rows);
    place = nextPlace(eggs, place, page.cursor);
    if (found.length === filter.limit) full ??= place;
  }
  const items = await withAgents(deps, found, options);
  const next = place === undefined ? undefined : (full ?? place);
  return next === undefined ? { items } : { items, cursor: encode(next) };
}

function startOf(eggs: readonly string[], cursor: string | undefined): Place | undefined {
  const place = cursor === undefined ? undefined : decode(cursor);
  const egg = eggs.find((name) => place === undefined || name >= place.egg);
  if (egg === undefined) return undefined;
  return egg === place?.egg ? place : { egg };
}

function nextPlace(eggs: readonly string[], place: Place, cursor: string | undefined): Place | undefined {
  if (cursor !== undefined) return { egg: place.egg, at: cursor };
  const egg = eggs.find((name) => name > place.egg);
  return egg === undefined ? undefined : { egg };
}

/** Living runners are read by key, from the Egg's members; ended ones are in the index only. */
async function readPage(
  deps: InternalDeps,
  at: { place: Place; filter: RunnerFilter; limit: number },
  options: CallOptions,
): Promise<{ items: readonly RunnerRow[]; cursor?: string }> {
  const { place, filter, limit } = at;
  const query = {
    partition: place.egg,
    order: 'desc',
    limit,
    ...(place.at === undefined ? {} : { cursor: place.at }),
  } as const;
  if (filter.state === 'terminated') {
    return listPage(deps.store, { ...typed.runners, query: { ...query, index: 'egg_name' } }, options);
  }
  const runners = { ...query, from: 'runner#', to: 'runner#\uffff' };
  const page = await listPage(deps.store, { ...typed.eggMembers, query: runners }, options);
  const keys = page.items.map(({ item }) => ({ partition: item.slice('runner#'.length) }));
  return { ...page, items: await getRows(deps.store, { ...typed.runners, keys }, options) };
}

function matches(row: RunnerRow, filter: RunnerFilter): boolean {
  const isState = filter.state === undefined ? row.state !== 'terminated' : row.state === filter.state;
  return isState && (filter.pool === undefined || row.pool === filter.pool);
}

function encode(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function decode(cursor: string): Place {
  try {
    return Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (error) {
    throw storeErrors.badCursor({}, { cause: error });
  }
}
