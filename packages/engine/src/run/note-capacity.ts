import { type EggConfig, launchChoices } from '@polar-gosling/domain';
import type { CallOptions, EggConfigRow } from '@polar-gosling/ports/store';
import type { TofuOutcome } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/**
 * Counts the applies in a row that found no capacity where they asked, so that the next launch asks elsewhere; one that
 * made its machines begins anew with the first choice. Other failures say nothing of capacity. `isElsewhere`: there was
 * none, and the next choice has not been asked since the last machine was made.
 */
export async function noteCapacity(
  deps: InternalDeps,
  at: { readonly egg: EggConfigRow; readonly outcome: TofuOutcome },
  options: CallOptions,
): Promise<{ readonly isElsewhere: boolean }> {
  const { egg, outcome } = at;
  const isFull = outcome.kind === 'failed' && outcome.class === 'fallback';
  if (!isFull && outcome.kind !== 'ok') return { isElsewhere: false };
  const partition = egg.name;
  const key = { table: 'egg_state', partition } as const;
  const change = isFull ? { add: { without_capacity: 1 } } : { set: { without_capacity: 0 } };
  await deps.store.commit([{ kind: 'update', key, ...change, when: { kind: 'present' } }], options);
  if (!isFull) return { isElsewhere: false };
  const state = await getRow(deps.store, { ...typed.eggState, key: { partition } }, options);
  const config: EggConfig = egg.config;
  return { isElsewhere: (state?.without_capacity ?? 0) < launchChoices(config, deps.settings.clouds ?? {}) };
}
