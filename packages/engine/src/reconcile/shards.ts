import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { refusedShards } from '../run/refused-shards.ts';
import type { Observed } from './observe.ts';

/** OpenTofu plans a whole shard at once: small ones keep an apply short. */
export const shardSize = 10;

/**
 * Answers the shard for each next launch: the first with room that no removal holds and whose plans are not refused,
 * else a new one, so that a launch waits for neither. Launches that come while others are made are made together, next.
 */
export async function createShardChooser(
  deps: InternalDeps,
  seen: Observed,
  options: CallOptions,
): Promise<() => Promise<number>> {
  const used = new Map<number, number>();
  for (const { shard } of seen.runners.values()) used.set(shard, (used.get(shard) ?? 0) + 1);
  const refused = refusedShards(seen.state, seen.facts.now);
  const free = new Map<number, boolean>();
  const isFree = async (shard: number) => {
    const known = free.get(shard) ?? (await isShardFree(deps, { seen, shard }, options));
    free.set(shard, known);
    return known;
  };
  return async () => {
    for (let shard = 0; ; shard++) {
      const taken = used.get(shard) ?? 0;
      if (taken >= shardSize || refused.has(shard) || !(await isFree(shard))) continue;
      used.set(shard, taken + 1);
      return shard;
    }
  };
}

/** Whoever holds it with no run yet, or no more, may have a removal in mind only where something is to go. */
async function isShardFree(
  deps: InternalDeps,
  { seen, shard }: { seen: Observed; shard: number },
  options: CallOptions,
): Promise<boolean> {
  const name = `egg/${seen.egg.name}/${shard}`;
  const lease = await getRow(deps.store, { ...typed.leases, key: { partition: name } }, options);
  if (lease === undefined || lease.holder === '' || deps.isHolderGone?.(lease.holder)) return true;
  if (lease.run_id === undefined) {
    return ![...seen.runners.values()].some((row) => row.shard === shard && row.state === 'terminating');
  }
  const run = await getRow(deps.store, { ...typed.runs, key: { partition: lease.run_id } }, options);
  return run?.purpose === 'create';
}
