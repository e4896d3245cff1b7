import type { CallOptions, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/**
 * Takes away what is noted of an Egg that is gone, but for the places of its shards: OpenTofu's states stay, and may know
 * of machines there that ended by themselves. An Egg of that name that comes back must not launch into them elsewhere.
 */
export async function forgetStateWrite(
  deps: Pick<InternalDeps, 'store'>,
  egg: string,
  options: CallOptions,
): Promise<Write> {
  const state = await getRow(deps.store, { ...typed.eggState, key: { partition: egg } }, options);
  if (state?.places === undefined) {
    return { kind: 'delete', key: { table: 'egg_state', partition: egg }, when: { kind: 'any' } };
  }
  const row = { egg_name: egg, places: state.places };
  return { kind: 'put', table: 'egg_state', row, when: { kind: 'version', version: state.version } };
}
