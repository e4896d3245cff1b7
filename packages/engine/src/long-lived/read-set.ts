import type { CallOptions, DeploymentRow, PinRow, PlanRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { type FailingRun, failingRuns } from '../run/failing-runs.ts';
import { planInForce } from '../run/plan-in-force.ts';
import { type LongLivedSet, shardOfSet } from './sets.ts';

/** A long-lived set as its rows tell. */
export interface SetView {
  readonly name: LongLivedSet;
  /** Newest first. */
  readonly deployments: readonly DeploymentRow[];
  readonly pin: PinRow | undefined;
  /** What shall be in force: the pinned deployment, else the newest. */
  readonly wanted: DeploymentRow | undefined;
  /** The plan that was applied last. */
  readonly inForce: PlanRow | undefined;
  /** Where a rollback goes that names no target: the deployment before the wanted one. */
  readonly back: DeploymentRow | undefined;
  /** The plan that is kept to go back from the one in force. */
  readonly armed: PlanRow | undefined;
  /** What was tried last and failed: its state may stand between two deployments. */
  readonly failing: FailingRun | undefined;
}

/** By keys alone: what is in force and armed is found however much was tried since. */
export async function readSet(
  deps: InternalDeps,
  name: LongLivedSet,
  options: CallOptions,
): Promise<SetView> {
  const query = { partition: name, order: 'desc' } as const;
  const deployments = await listAll(deps.store, { ...typed.deployments, query }, options);
  const pin = await getRow(deps.store, { ...typed.pins, key: { partition: name } }, options);
  const inForce = await readPlan(
    deps,
    await planInForce(deps, { egg: name, shard: shardOfSet }, options),
    options,
  );
  const armed = await readPlan(deps, inForce?.rollback_plan_id, options);
  const wanted = pin ? deployments.find(({ id }) => id === pin.deployment_id) : deployments[0];
  return {
    ...{ name, deployments, pin, wanted, inForce },
    back: backOf(deployments, wanted?.id),
    armed: armed?.status === 'pending' ? armed : undefined,
    failing: await readFailing(deps, name, options),
  };
}

/** What of a set failed last, and has not come right since. */
export async function readFailing(
  deps: InternalDeps,
  name: LongLivedSet,
  options: CallOptions,
): Promise<FailingRun | undefined> {
  const state = await getRow(deps.store, { ...typed.eggState, key: { partition: name } }, options);
  return failingRuns(state)[shardOfSet];
}

async function readPlan(
  deps: InternalDeps,
  id: string | undefined,
  options: CallOptions,
): Promise<PlanRow | undefined> {
  return id === undefined
    ? undefined
    : getRow(deps.store, { ...typed.plans, key: { partition: id } }, options);
}

/** The newest of the older ones that was in force and was not left by a rollback. */
function backOf(
  deployments: readonly DeploymentRow[],
  wanted: string | undefined,
): DeploymentRow | undefined {
  const at = deployments.findIndex(({ id }) => id === wanted);
  if (at === -1) return undefined;
  return deployments.slice(at + 1).find(({ state }) => state === 'succeeded');
}
