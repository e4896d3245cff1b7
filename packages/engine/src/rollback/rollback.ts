import {
  applyPin,
  chooseRollback,
  configChanges,
  deploymentStates,
  type EggConfig,
  isSameMachinePart,
  type MachinePart,
  machineHash,
  machinePartOf,
  mayMove,
  nestMachineHash,
  replacementBy,
} from '@polar-gosling/domain';
import type { CallOptions, DeploymentRow, Write } from '@polar-gosling/ports/store';
import type { Caller } from '../api/caller.ts';
import type { RollbackRequest, RollbackView } from '../api/rollback.ts';
import { sees } from '../commands/sees.ts';
import type { InternalDeps } from '../deps.ts';
import { rollbackErrors } from '../errors.ts';
import { type Lease, requireOk, withEggLease } from '../leases/lease.ts';
import { rollbackSet } from '../long-lived/rollback-set.ts';
import { isLongLived } from '../long-lived/sets.ts';
import { noBackoff } from '../reconcile/backoff.ts';
import { type Observed, observe } from '../reconcile/observe.ts';
import { listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, dirtyWrites, toJson } from '../rows/writes.ts';
import { findTarget } from './find-target.ts';
import { type InForce, readInForce } from './in-force.ts';
import { leavePlansWrites } from './leave-plans.ts';
import { liftPinWrites } from './lift-pin.ts';
import { replacedRunners } from './replaced-runners.ts';

/** Pins the machines of an earlier deployment, or lifts the pin. A dry run writes nothing, not even a lease. */
export async function rollback(
  deps: InternalDeps,
  at: RollbackRequest & { caller: Caller },
  options: CallOptions,
): Promise<RollbackView | 'missing'> {
  if (!sees(at.caller, at.egg)) return 'missing';
  if (isLongLived(at.egg)) return rollbackSet(deps, { ...at, egg: at.egg }, options);
  if (at.dryRun) return (await decide(deps, at, options))?.view ?? 'missing';
  // Not even a lease is taken for an Egg that is not there.
  if ((await readInForce(deps, at.egg, options)) === undefined) return 'missing';
  const leased = { egg: at.egg, what: `the Egg ${at.egg}`, signal: options.signal };
  return withEggLease(deps, leased, async (lease) => {
    const inner = { signal: lease.signal };
    const decision = await decide(deps, at, inner);
    if (decision === undefined) return 'missing' as const;
    await write(deps, { ...at, decision, lease }, inner);
    return decision.view;
  });
}

interface Decision {
  readonly inForce: InForce;
  readonly latest: DeploymentRow | undefined;
  readonly view: RollbackView;
  /** What is pinned; absent: the pin is lifted. */
  readonly pinned?: { readonly deployment: DeploymentRow; readonly part: MachinePart };
}

async function decide(
  deps: InternalDeps,
  at: RollbackRequest,
  options: CallOptions,
): Promise<Decision | undefined> {
  const inForce = await readInForce(deps, at.egg, options);
  const seen = await observe(deps, at.egg, options);
  if (inForce === undefined || seen === undefined) return undefined;
  const query = { partition: at.egg, order: 'desc' } as const;
  const deployments = await listAll(deps.store, { ...typed.deployments, query }, options);
  const known = { inForce, latest: deployments[0] };
  if (inForce.egg.status === 'draining') {
    throw rollbackErrors.nothing({ egg: at.egg, why: 'it was removed from the Nest and its runners leave' });
  }
  if (at.unpin) {
    if (inForce.pin === undefined) throw rollbackErrors.notPinned({ egg: at.egg });
    return { ...known, view: viewOf(deps, { at, seen, inForce, after: inForce.nest.config }) };
  }
  const to = await findTarget(deps, { egg: at.egg, deployments, to: at.to }, options);
  const choice = chooseRollback({
    egg: seen.config,
    deployments: deployments.map((row) => ({ ...row, part: row.machine })),
    ...(to === undefined ? {} : { to }),
    ...(inForce.pin === undefined ? {} : { pinned: inForce.pin.deployment_id }),
  });
  if (choice.kind === 'nothing') throw rollbackErrors.nothing({ egg: at.egg, why: choice.why });
  const { deployment, part } = choice;
  const nest: EggConfig = inForce.nest.config;
  const after = applyPin(nest, { part, over: nestMachineHash(nest) });
  const view = viewOf(deps, { at, seen, inForce, after, deployment });
  // What the Nest says is in force by itself, without a pin.
  if (isSameMachinePart(nest, part, machinePartOf(nest)))
    return { ...known, view: { ...view, action: 'unpin' } };
  return { ...known, view, pinned: { deployment, part } };
}

function viewOf(
  deps: InternalDeps,
  of: {
    at: RollbackRequest;
    seen: Observed;
    inForce: InForce;
    after: EggConfig;
    deployment?: DeploymentRow;
  },
): RollbackView {
  const { seen, inForce, after, deployment } = of;
  const hash = machineHash(after, deps.settings.machineRevision);
  return {
    egg: of.at.egg,
    action: of.at.unpin ? 'unpin' : 'pin',
    dryRun: of.at.dryRun,
    before: { machineHash: inForce.egg.machine_hash, commit: inForce.egg.git_commit },
    after: {
      machineHash: hash,
      commit: deployment?.git_commit ?? inForce.nest.git_commit,
      ...(deployment === undefined ? {} : { deployment: { id: deployment.id, state: deployment.state } }),
    },
    changes: configChanges(seen.config, after),
    runners: replacementBy(hash, replacedRunners(seen.runners.values(), seen.agents)),
  };
}

async function write(
  deps: InternalDeps,
  at: RollbackRequest & { caller: Caller; decision: Decision; lease: Lease },
  options: CallOptions,
): Promise<void> {
  const { decision, lease, caller } = at;
  const { pinned, inForce } = decision;
  const trace = deps.ids.next();
  // What failed with the machines of before says nothing of these.
  const unit: Write[] = [lease.check(), ...dirtyWrites(at.egg, { trace, set: { ...noBackoff } }, deps)];
  if (pinned === undefined) {
    const why = `asked for by ${caller.name}`;
    const { pin } = inForce;
    if (pin !== undefined) unit.push(...liftPinWrites(deps, { pin, by: caller.name, why, rule: 'by_hand' }));
  } else {
    unit.push(
      ...pinWrites(deps, { ...at, inForce, pinned }),
      ...(await leaveWrites(deps, decision, options)),
    );
  }
  requireOk(await deps.store.commit(unit, options), `the pin of ${at.egg}`);
  deps.queue.wake();
  deps.log.info(pinned === undefined ? 'a pin was lifted' : 'an Egg was rolled back', { egg: at.egg });
}

function pinWrites(
  deps: InternalDeps,
  at: RollbackRequest & {
    caller: Caller;
    inForce: InForce;
    pinned: NonNullable<Decision['pinned']>;
  },
): Write[] {
  const { caller, inForce, pinned } = at;
  const { deployment } = pinned;
  const why = `rolled back by ${caller.name} to the machines of commit ${deployment.git_commit.slice(0, 8)}`;
  const set = {
    deployment_id: deployment.id,
    by: caller.name,
    why,
    at: deps.clock.now(),
    machine: toJson(pinned.part),
    git_commit: deployment.git_commit,
    over: nestMachineHash(inForce.nest.config),
  };
  const details = {
    egg: at.egg,
    why,
    rule: 'by_hand',
    deployment: deployment.id,
    before: { machineHash: inForce.egg.machine_hash, pinned: inForce.pin?.deployment_id },
  };
  return [
    { kind: 'update', key: { table: 'pins', partition: at.egg }, set, when: { kind: 'any' } },
    auditWrite(
      { actor: caller.name, action: 'rollback', resourceType: 'egg', resourceId: at.egg, details },
      deps,
    ),
  ];
}

/** The deployment that is left, with its plans: a later rollback does not come back to it by itself. */
async function leaveWrites(
  deps: InternalDeps,
  { latest, inForce }: Decision,
  options: CallOptions,
): Promise<Write[]> {
  if (latest?.machine_hash !== inForce.egg.machine_hash) return [];
  if (!mayMove(deploymentStates, latest.state, 'rolled_back')) return [];
  const key = { table: 'deployments', partition: latest.egg_name, sort: latest.id } as const;
  const set = { state: 'rolled_back', ended_at: latest.ended_at ?? deps.clock.now() };
  const plans = await leavePlansWrites(deps, latest, options);
  return [{ kind: 'update', key, set, when: { kind: 'version', version: latest.version } }, ...plans];
}
