import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, DeploymentRow, Write } from '@polar-gosling/ports/store';
import type { Caller } from '../api/caller.ts';
import type { RollbackRequest, RollbackView } from '../api/rollback.ts';
import type { InternalDeps } from '../deps.ts';
import { rollbackErrors } from '../errors.ts';
import { requireOk, withEggLease } from '../leases/lease.ts';
import { findTarget } from '../rollback/find-target.ts';
import { liftPinWrites } from '../rollback/lift-pin.ts';
import { armedTo } from './bring-into-force.ts';
import { readSet, type SetView } from './read-set.ts';
import { pinSetWrites } from './set-rows.ts';
import { type LongLivedSet, runOfSet } from './sets.ts';

const nothingReplaced = { kept: [], replaced: [], drained: [], leaving: [] };

/** Pins an earlier deployment of a set, or lifts the pin; a worker applies it. A dry run writes nothing. */
export async function rollbackSet(
  deps: InternalDeps,
  at: RollbackRequest & { egg: LongLivedSet; caller: Caller },
  options: CallOptions,
): Promise<RollbackView | 'missing'> {
  if (at.dryRun) return (await decide(deps, at, options))?.view ?? 'missing';
  const leased = { egg: at.egg, what: `the set ${at.egg}`, signal: options.signal };
  const view = await withEggLease(deps, leased, async (lease) => {
    const inner = { signal: lease.signal };
    const decision = await decide(deps, at, inner);
    if (decision === undefined) return 'missing' as const;
    const wake = outboxWrite({ ...runOfSet(at.egg), trace: deps.ids.next() }, deps);
    const unit = [lease.check(), ...decision.writes, wake];
    requireOk(await deps.store.commit(unit, inner), `the pin of ${at.egg}`);
    return decision.view;
  });
  deps.queue.wake();
  return view;
}

async function decide(
  deps: InternalDeps,
  at: RollbackRequest & { egg: LongLivedSet; caller: Caller },
  options: CallOptions,
): Promise<{ view: RollbackView; writes: Write[] } | undefined> {
  const set = await readSet(deps, at.egg, options);
  const { deployments, pin } = set;
  const [latest] = deployments;
  if (latest === undefined) return undefined;
  const by = at.caller.name;
  const lift = () =>
    pin ? liftPinWrites(deps, { pin, by, why: `asked for by ${by}`, rule: 'by_hand' }) : [];
  if (at.unpin) {
    if (pin === undefined) throw rollbackErrors.notPinned({ egg: at.egg });
    return { view: viewOf(set, { ...at, to: latest }), writes: lift() };
  }
  const id = await findTarget(deps, { egg: at.egg, deployments, to: at.to }, options);
  const to = id === undefined ? set.back : deployments.find((one) => one.id === id);
  if (to === undefined) throw rollbackErrors.nothing({ egg: at.egg, why: 'there is none before' });
  if (to.id === set.wanted?.id) throw rollbackErrors.nothing({ egg: at.egg, why: 'it is in force' });
  const isUnpin = to.id === latest.id;
  const view = viewOf(set, { ...at, to, unpin: isUnpin });
  return { view, writes: isUnpin ? lift() : pinSetWrites(deps, { set, to, by }) };
}

function viewOf(set: SetView, at: { to: DeploymentRow; dryRun: boolean; unpin: boolean }): RollbackView {
  const { to } = at;
  const current = set.wanted ?? to;
  const armed = armedTo(set, to);
  return {
    egg: set.name,
    action: at.unpin ? 'unpin' : 'pin',
    dryRun: at.dryRun,
    before: { machineHash: current.machine_hash, commit: current.git_commit },
    after: {
      machineHash: to.machine_hash,
      commit: to.git_commit,
      deployment: { id: to.id, state: to.state },
    },
    changes: [],
    runners: nothingReplaced,
    plan: armed ? { id: armed.id, createdAt: armed.created_at, summary: armed.summary } : 'made anew',
  };
}
