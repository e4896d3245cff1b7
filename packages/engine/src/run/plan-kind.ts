import type { CallOptions, PlanRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import type { ShardWork } from './shard-work.ts';

/**
 * What people call a plan: a launch of a deployment is its `deploy`, or its `rollback` under a pin, until one of them was
 * applied; any later one is a `scale`. A name only: two shards that launch at once may both bear it.
 */
export async function planKind(
  deps: Pick<InternalDeps, 'store'>,
  at: { egg: string; work: ShardWork['kind']; deploymentId: string | undefined; isPinned: boolean },
  options: CallOptions,
): Promise<PlanRow['kind']> {
  const { egg, work, deploymentId, isPinned } = at;
  if (work === 'remove') return 'destroy';
  if (deploymentId === undefined || !(await isFirst(deps, { egg, deploymentId }, options))) return 'scale';
  return isPinned ? 'rollback' : 'deploy';
}

async function isFirst(
  deps: Pick<InternalDeps, 'store'>,
  at: { egg: string; deploymentId: string },
  options: CallOptions,
): Promise<boolean> {
  const key = { partition: at.egg, sort: at.deploymentId };
  const deployment = await getRow(deps.store, { ...typed.deployments, key }, options);
  if (deployment === undefined) return false;
  const query = { index: 'egg_name', partition: at.egg, from: deployment.started_at, limit: 100 } as const;
  const since = await listPage(deps.store, { ...typed.plans, query }, options);
  const isDone = ({ deployment_id: id, status }: PlanRow) =>
    id === at.deploymentId && status !== 'failed' && status !== 'discarded';
  return !since.items.some(isDone) && since.cursor === undefined;
}
