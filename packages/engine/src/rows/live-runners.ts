import type { CallOptions, RunnerRow, Store } from '@polar-gosling/ports/store';
import { getRows, listAll } from './read.ts';
import { typed } from './tables.ts';

/** The runners that an Egg has, from consistent reads by key. */
export async function liveRunners(
  { store }: { readonly store: Store },
  egg: string,
  options: CallOptions,
): Promise<RunnerRow[]> {
  const members = await listAll(store, { ...typed.eggMembers, query: { partition: egg } }, options);
  const keys = members.flatMap(({ item }) =>
    item.startsWith('runner#') ? [{ partition: item.slice('runner#'.length) }] : [],
  );
  return getRows(store, { ...typed.runners, keys }, options);
}
