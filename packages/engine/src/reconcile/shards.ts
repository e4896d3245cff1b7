import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { failingRemovals } from '../run/failing-removals.ts';
import { type Place, placeName, placeOf } from '../run/place-of.ts';
import { refusedShards } from '../run/refused-shards.ts';
import { isOverdue, isTainted } from '../run/shard-work.ts';
import type { Observed } from './observe.ts';

/** OpenTofu plans a whole shard at once: small ones keep an apply short. */
export const shardSize = 10;

export interface ShardChooser {
  /** The shard of the next launch: the first with room that suits it, else a new one. */
  choose(place: Place): Promise<number>;
  /**
   * A launch there waits for no removal, its plans are not refused, and all that its state has ever known is in that
   * place: what is gone may still stand in it, and no bundle has the providers of two clouds.
   */
  suits(shard: number, place: Place): Promise<boolean>;
}

/** Launches that come while others are made are made together, next; a removal and a refused plan they never wait for. */
export function createShardChooser(
  deps: InternalDeps,
  { seen, lease }: { seen: Observed; lease: Lease },
  options: CallOptions,
): ShardChooser {
  const used = new Map<number, number>();
  for (const { shard } of seen.runners.values()) used.set(shard, (used.get(shard) ?? 0) + 1);
  const refused = refusedShards(seen.state, seen.facts.now);
  const removing = removingShards(seen);
  const places = placesOf(seen);
  const free = new Map<number, boolean>();
  const isFree = async (shard: number) => {
    const known = free.get(shard) ?? (await isShardFree(deps, { seen, shard }, options));
    free.set(shard, known);
    return known;
  };
  const suits = async (shard: number, place: Place) => {
    const isElsewhere = [...(places.get(shard) ?? [])].some((name) => name !== placeName(place));
    return !isElsewhere && !refused.has(shard) && !removing.has(shard) && (await isFree(shard));
  };
  return {
    suits,
    async choose(place) {
      for (let shard = 0; ; shard++) {
        const taken = used.get(shard) ?? 0;
        if (taken >= shardSize || !(await suits(shard, place))) continue;
        used.set(shard, taken + 1);
        if (!places.has(shard)) await bindShard(deps, { seen, lease, shard, place }, options);
        places.set(shard, new Set([placeName(place)]));
        return shard;
      }
    },
  };
}

/** Where a removal is due or fails, or where a half-made machine has to go first. */
function removingShards({ runners, state, facts }: Observed): ReadonlySet<number> {
  const isInTheWay = (row: RunnerRow) => isTainted(row) || isOverdue(row, facts.now);
  const there = [...runners.values()].filter(isInTheWay).map(({ shard }) => shard);
  return new Set([...there, ...failingRemovals(state, runners.values()).keys()]);
}

/** Of each shard, as it was noted, and as its machines are. */
function placesOf({ state, runners }: Observed): Map<number, Set<string>> {
  const noted: Readonly<Record<string, string>> = state?.places ?? {};
  const places = new Map(Object.entries(noted).map(([shard, name]) => [Number(shard), new Set([name])]));
  for (const row of runners.values()) {
    const isBegun = row.made || row.state !== 'requested';
    if (isBegun) places.set(row.shard, (places.get(row.shard) ?? new Set()).add(placeName(placeOf(row))));
  }
  return places;
}

/** Before its first launch: its state will know of no other place. */
async function bindShard(
  deps: InternalDeps,
  at: { seen: Observed; lease: Lease; shard: number; place: Place },
  options: CallOptions,
): Promise<void> {
  const egg = at.seen.egg.name;
  await commitDecision(deps.store, `the shards of ${egg}`, {
    signal: options.signal,
    decide: async () => {
      const key = { partition: egg };
      const state = await getRow(deps.store, { ...typed.eggState, key }, options);
      const places = { ...state?.places, [at.shard]: placeName(at.place) };
      const when = state
        ? ({ kind: 'version', version: state.version } as const)
        : ({ kind: 'absent' } as const);
      const write = { kind: 'update', key: { table: 'egg_state', ...key }, set: { places }, when } as const;
      return { unit: [at.lease.check(), write], result: undefined };
    },
  });
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
