import { mayMove, planStates } from '@polar-gosling/domain';
import type { CallOptions, DeploymentRow, PlanRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/** The unit of a rollback has room for so many beside its own writes. */
const most = 15;
const looked = 100;

/**
 * The applied plans of a deployment that is left, as rolled back: the one that began it, and its newest. A deployment of
 * months has a plan for each launch; the others stay applied, as history.
 */
export async function leavePlansWrites(
  deps: Pick<InternalDeps, 'store'>,
  { egg_name: egg, id, started_at: from }: DeploymentRow,
  options: CallOptions,
): Promise<Write[]> {
  const query = { index: 'egg_name', partition: egg, from, limit: looked } as const;
  const oldest = await listPage(deps.store, { ...typed.plans, query }, options);
  const newest = oldest.cursor
    ? await listPage(deps.store, { ...typed.plans, query: { ...query, order: 'desc' } }, options)
    : { items: oldest.items.toReversed() };
  const isLeft = ({ deployment_id: of, status }: PlanRow) =>
    of === id && status !== 'rolled_back' && mayMove(planStates, status, 'rolled_back');
  const began = oldest.items.filter((plan) => isLeft(plan) && plan.kind !== 'scale');
  const ids = new Set([...began, ...newest.items.filter(isLeft)].map((plan) => plan.id));
  return [...ids].slice(0, most).map((partition): Write => {
    const key = { table: 'deployment_plans', partition } as const;
    return { kind: 'update', key, set: { status: 'rolled_back' }, when: { kind: 'present' } };
  });
}
