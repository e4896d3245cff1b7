import type { CallOptions, SwitchRow } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import { getRows } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/** The switch that freezes this Egg (its own or the one for all), if it is on. */
export async function readFreeze(
  deps: EngineDeps,
  egg: string,
  options: CallOptions,
): Promise<SwitchRow | undefined> {
  const keys = [{ partition: 'freeze' }, { partition: `freeze/${egg}` }];
  const rows = await getRows(deps.store, { ...typed.switches, keys }, options);
  return rows.find(({ on }) => on);
}

export async function isFrozen(deps: EngineDeps, egg: string, options: CallOptions): Promise<boolean> {
  return (await readFreeze(deps, egg, options)) !== undefined;
}
