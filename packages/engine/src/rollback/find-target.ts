import type { CallOptions, DeploymentRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { rollbackErrors } from '../errors.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

const shortestCommit = 7;
const shown = 8;

/**
 * The deployment that `--to` names, by id, by plan or by commit; `undefined`: the one before. Fails with
 * ROLLBACK_UNKNOWN_TARGET.
 */
export async function findTarget(
  deps: InternalDeps,
  at: { egg: string; deployments: readonly DeploymentRow[]; to: string | undefined },
  options: CallOptions,
): Promise<string | undefined> {
  const { to, deployments } = at;
  if (to === undefined || to === '-1') return undefined;
  const found =
    deployments.find(({ id }) => id === to) ??
    (await ofPlan(deps, { ...at, to }, options)) ??
    (await ofCommit(deps, { deployments, to }, options));
  if (found !== undefined) return found.id;
  const known = deployments.slice(0, shown).map(({ git_commit }) => git_commit.slice(0, shown));
  throw rollbackErrors.unknownTarget({ egg: at.egg, to, known: [...new Set(known)] });
}

/** The deployment whose runners a plan made; of a plan that made none, the one that was in force then. */
async function ofPlan(
  deps: InternalDeps,
  at: { egg: string; deployments: readonly DeploymentRow[]; to: string },
  options: CallOptions,
): Promise<DeploymentRow | undefined> {
  const plan = await getRow(deps.store, { ...typed.plans, key: { partition: at.to } }, options);
  if (plan === undefined || plan.egg_name !== at.egg) return undefined;
  const named = at.deployments.find(({ id }) => id === plan.deployment_id);
  return named ?? at.deployments.find(({ started_at }) => started_at <= plan.created_at);
}

/** A commit opens a deployment only where it changes machines: else the deployment is that of an ancestor. */
async function ofCommit(
  deps: InternalDeps,
  at: { deployments: readonly DeploymentRow[]; to: string },
  options: CallOptions,
): Promise<DeploymentRow | undefined> {
  const { to, deployments } = at;
  if (to.length < shortestCommit || !/^[0-9a-f]+$/.test(to)) return undefined;
  const own = deployments.find(({ git_commit }) => git_commit.startsWith(to));
  if (own !== undefined) return own;
  for (const deployment of deployments) {
    if ((await deps.git.isAncestor(deployment.git_commit, to, options)) === 'yes') return deployment;
  }
  return undefined;
}
