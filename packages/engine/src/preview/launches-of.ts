import { type EggConfig, planPool } from '@polar-gosling/domain';
import type { CallOptions, EggConfigRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { noBackoff } from '../reconcile/backoff.ts';
import { observeAs } from '../reconcile/observe.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { toJson } from '../rows/writes.ts';

/** How many runners the reconcile that follows launches at once, were this configuration in force. */
export async function launchesOf(
  deps: InternalDeps,
  at: { readonly config: EggConfig; readonly machineHash: string },
  options: CallOptions,
): Promise<number> {
  const { name } = at.config;
  const egg = rowOf(at, deps.clock.now());
  const known = await getRow(deps.store, { ...typed.eggState, key: { partition: name } }, options);
  // What failed with the earlier configuration says nothing of another one.
  const state = known && { ...known, ...noBackoff };
  const seen = await observeAs(deps, { inForce: { egg, nest: egg }, state }, options);
  return planPool(seen.facts).moves.filter(({ kind }) => kind === 'launch').length;
}

/** As the sync would write it. */
function rowOf(at: { readonly config: EggConfig; readonly machineHash: string }, now: number): EggConfigRow {
  const { config, machineHash } = at;
  return {
    ...{ version: 0, updated_at: now, created_at: now, synced_at: now, status: 'active' },
    ...{ name: config.name, kind: config.kind, config: toJson(config), config_hash: '', git_commit: '' },
    ...{ machine_hash: machineHash, source_file: config.sourceFile },
  };
}
