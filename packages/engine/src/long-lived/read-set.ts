import type { CallOptions, DeploymentRow, PinRow, PlanRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow, listAll, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import type { LongLivedSet } from './sets.ts';

/** Plans beyond these say nothing of what is in force. */
const plansRead = 100;

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
  /** Where a rollback goes that names no target: the deployment before the one in force. */
  readonly back: DeploymentRow | undefined;
  /** The plan that is kept to go there. */
  readonly armed: PlanRow | undefined;
}

export async function readSet(
  deps: InternalDeps,
  name: LongLivedSet,
  options: CallOptions,
): Promise<SetView> {
  const query = { partition: name, order: 'desc' } as const;
  const deployments = await listAll(deps.store, { ...typed.deployments, query }, options);
  const pin = await getRow(deps.store, { ...typed.pins, key: { partition: name } }, options);
  const ofSet = { index: 'egg_name', ...query, limit: plansRead } as const;
  const { items: plans } = await listPage(deps.store, { ...typed.plans, query: ofSet }, options);
  const inForce = plans
    .filter(({ status }) => status === 'applied')
    .toSorted((one, other) => (other.applied_at ?? 0) - (one.applied_at ?? 0))[0];
  return {
    ...{ name, deployments, pin, inForce },
    wanted: pin ? deployments.find(({ id }) => id === pin.deployment_id) : deployments[0],
    back: backOf(deployments, inForce?.deployment_id),
    armed: plans.find(({ status }) => status === 'pending'),
  };
}

/** The newest of the older ones that was in force and was not left by a rollback. */
function backOf(
  deployments: readonly DeploymentRow[],
  current: string | undefined,
): DeploymentRow | undefined {
  const at = deployments.findIndex(({ id }) => id === current);
  if (at === -1) return undefined;
  return deployments.slice(at + 1).find(({ state }) => state === 'succeeded');
}
