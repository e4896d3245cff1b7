import { isCoded, toProblem } from '@polar-gosling/kernel';
import type { CallOptions, DeploymentRow } from '@polar-gosling/ports/store';
import { isFrozen } from '../demand/freeze.ts';
import type { InternalDeps } from '../deps.ts';
import { type Lease, withLease } from '../leases/lease.ts';
import { nextTryAt, noteFailing } from '../run/failing-runs.ts';
import { settleLeft } from '../run/settle-left.ts';
import type { ShardOutcome } from '../run/shard-outcome.ts';
import { followActiveTofu } from '../tools/follow-active.ts';
import { armedTo, bringIntoForce } from './bring-into-force.ts';
import { keepArmed } from './keep-armed.ts';
import { readSet } from './read-set.ts';
import type { SetContext } from './set-context.ts';
import { type LongLivedSet, shardOfSet } from './sets.ts';

/** Brings what is wanted of a set into force, with the armed plan where it leads there; then arms the plan back. */
export async function runSet(
  deps: InternalDeps,
  name: LongLivedSet,
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const leased = { name: `egg/${name}/${shardOfSet}`, watch: deps.watch, signal: options.signal };
  const outcome = await withLease(deps, leased, (lease) =>
    underLease(deps, { name, lease }, { ...options, signal: lease.signal }),
  );
  return outcome.kind === 'busy' ? 'busy' : outcome.result;
}

async function underLease(
  deps: InternalDeps,
  { name, lease }: { name: LongLivedSet; lease: Lease },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const left = { egg: name, shard: shardOfSet, lease };
  if ((await settleLeft(deps, left, options)) === 'alive') return 'later';
  if (await isFrozen(deps, name, options)) return 'idle';
  const set = await readSet(deps, name, options);
  if (set.wanted === undefined) return 'idle';
  // What an armed plan is judged by is what the run will be done with.
  await followActiveTofu(deps, options);
  // What failed may have left its state between two deployments, also where the wanted one was in force before.
  if (set.inForce?.deployment_id !== set.wanted.id || set.failing !== undefined) {
    return tryToBring(deps, { set, lease, wanted: set.wanted }, options);
  }
  await tryToArm(deps, { set, lease }, options);
  return 'idle';
}

/** What fails backs off, unless something else is wanted, or an armed plan failed: its bundle is next, at once. */
async function tryToBring(
  deps: InternalDeps,
  at: SetContext & { wanted: DeploymentRow },
  options: CallOptions & { trace: string },
): Promise<ShardOutcome> {
  const { set, wanted } = at;
  const target = (armedTo(set, wanted) ?? wanted).id;
  const { failing } = set;
  if (failing?.target === target && nextTryAt(failing) > deps.clock.now()) return 'idle';
  try {
    return await bringIntoForce(deps, at, options);
  } catch (error) {
    if (isCoded(error, 'LEASE_LOST') || options.signal.aborted) throw error;
    const { code, detail } = toProblem(error);
    const problem = { code, detail, target };
    const noted = await noteFailing(deps, { egg: set.name, shard: shardOfSet, problem }, options);
    const facts = { egg: set.name, failures: noted?.failures, error };
    deps.log.error('a long-lived set could not be brought into force; it is tried again later', facts);
    return 'again';
  }
}

/** A rollback finds its way without an armed plan too. */
async function tryToArm(
  deps: InternalDeps,
  at: SetContext,
  options: CallOptions & { trace: string },
): Promise<void> {
  try {
    await keepArmed(deps, at, options);
  } catch (error) {
    if (isCoded(error, 'LEASE_LOST') || options.signal.aborted) throw error;
    const facts = { egg: at.set.name, error };
    deps.log.warn('no plan back could be armed; it is tried again within the hour', facts);
  }
}
