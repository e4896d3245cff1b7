import { isCoded, toProblem } from '@polar-gosling/kernel';
import type { CallOptions, EggConfigRow, RunnerRow } from '@polar-gosling/ports/store';
import { isFrozen } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import { type Lease, withLease } from '../leases/lease.ts';
import { readInForce } from '../rollback/in-force.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { applyWork } from './apply-work.ts';
import { callForLaunches } from './call-for-launches.ts';
import { failingRemovals } from './failing-removals.ts';
import { nextTryAt, noteFailing } from './failing-runs.ts';
import { isFresh } from './freshness.ts';
import { placeOf } from './place-of.ts';
import { noteProblem } from './problems.ts';
import { isRefusedLately } from './refused-shards.ts';
import { runnersAtWork } from './runners-at-work.ts';
import { settleLeft } from './settle-left.ts';
import type { ShardOutcome } from './shard-outcome.ts';
import { shardRows } from './shard-rows.ts';
import { chooseWork, lookOver, type ShardWork } from './shard-work.ts';
import { lookForStrays } from './strays.ts';

/** One OpenTofu run of one shard, under the shard's own lease: settle what was left, plan, guard, apply, write down. */
export async function runShard(
  deps: InternalDeps,
  at: { egg: string; shard: number },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const name = `egg/${at.egg}/${at.shard}`;
  const leased = { name, watch: deps.watch, signal: options.signal };
  const outcome = await withLease(deps, leased, (lease) =>
    underLease(deps, { ...at, lease }, { ...options, signal: lease.signal }),
  );
  return outcome.kind === 'busy' ? 'busy' : outcome.result;
}

async function underLease(
  deps: InternalDeps,
  at: { egg: string; shard: number; lease: Lease },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  if ((await settleLeft(deps, at, options)) === 'alive') return 'later';
  // No launches, no kills: what was decided before waits too. The end of the freeze wakes it.
  if (await isFrozen(deps, at.egg, options)) return 'idle';
  const inForce = await readInForce(deps, at.egg, options);
  if (inForce === undefined) return 'idle';
  const { egg } = inForce;
  const isPinned = inForce.pin !== undefined;
  const rows = await shardRows(deps, at, options);
  // A half-made machine goes by a delete of its own; until reconcile has said so its plan would be a replace.
  if (rows.some(({ state, made }) => state === 'failed' && made)) return 'later';
  const atWork = await runnersAtWork(deps, rows, options);
  const fresh = await isFresh(deps, at, options);
  const chosen = await chooseNext(deps, { ...at, rows, atWork }, options);
  if (chosen === 'refused') return 'idle';
  const work = chosen ?? (fresh ? undefined : lookOver(rows));
  const [first = rows[0]] = work?.targets ?? [];
  if (work === undefined || first === undefined) return atWork.size > 0 ? 'later' : 'idle';
  const place = placeOf(first);
  const release = deps.tofu.reserve?.({ provider: place.provider, isRemoval: work.kind !== 'create' });
  if (deps.tofu.reserve !== undefined && release === undefined) return 'later';
  try {
    return await reportProblems(deps, { egg, shard: at.shard, work, signal: options.signal }, () =>
      applyWork(deps, { ...at, egg, rows, work, place, isFresh: fresh, isPinned }, options),
    );
  } finally {
    release?.();
  }
}

/** `refused`: its plans are, and the next one waits. */
async function chooseNext(
  deps: InternalDeps,
  at: { egg: string; shard: number; rows: readonly RunnerRow[]; atWork: ReadonlySet<string> },
  options: CallOptions & { trace: string },
): Promise<ShardWork | 'refused' | undefined> {
  const { shard, rows, atWork } = at;
  const state = await getRow(deps.store, { ...typed.eggState, key: { partition: at.egg } }, options);
  const now = deps.clock.now();
  if (isRefusedLately(state, { shard, rows, now })) return 'refused';
  const strays = await lookForStrays(deps, rows, options);
  const failing = failingRemovals(state, rows).get(shard);
  const mayRemove = failing === undefined || nextTryAt(failing) <= now;
  const chosen = chooseWork(rows, now, { atWork, strays, mayRemove, failures: failing?.failures ?? 0 });
  if (chosen?.kind !== 'create') await callForLaunches(deps, { egg: at.egg, rows }, options);
  return chosen;
}

/**
 * A run that fails is shown on its Egg until one, of whatever shard, succeeds. A removal is a matter of its shard: it
 * backs off, and is shown until something is removed there.
 */
async function reportProblems(
  deps: InternalDeps,
  at: { egg: EggConfigRow; shard: number; work: ShardWork; signal: AbortSignal },
  action: () => Promise<ShardOutcome>,
): Promise<ShardOutcome> {
  const egg = at.egg.name;
  const slot = 'tofu';
  const options = { signal: AbortSignal.timeout(10_000) };
  try {
    const outcome = await action();
    await noteProblem(deps, { egg, slot }, options);
    return outcome;
  } catch (error) {
    if (isCoded(error, 'LEASE_LOST') || at.signal.aborted) throw error;
    // A refused plan is a matter of its shard, noted by the guard until a plan of that shard passes it.
    if (isCoded(error, 'TOFU_PLAN_UNEXPECTED')) throw error;
    const { code, detail } = toProblem(error);
    if (at.work.kind === 'remove' || at.work.kind === 'adopt') {
      const failing = await noteFailing(deps, { egg, shard: at.shard, problem: { code, detail } }, options);
      const facts = { egg, shard: at.shard, failures: failing?.failures, error };
      deps.log.error('machines could not be removed; they are tried again later', facts);
      return 'idle';
    }
    await noteProblem(deps, { egg, slot, problem: { code, detail } }, options);
    throw error;
  }
}
