import { isCoded } from '@polar-gosling/kernel';
import { readContent } from '@polar-gosling/ports/blobs';
import { type CallOptions, type DeploymentRow, storeErrors } from '@polar-gosling/ports/store';
import {
  type BundleFiles,
  type TofuPlan,
  type TofuRunRequest,
  unpackBundle,
} from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import type { PlanFacts } from '../run/run-row.ts';
import type { OpenedRun } from '../run/with-run.ts';
import type { SetView } from './read-set.ts';
import { shardOfSet } from './sets.ts';

/** A set whose shard is held. */
export interface SetContext {
  readonly set: SetView;
  readonly lease: Lease;
}

export function factsOf(at: {
  wanted: DeploymentRow;
  opened: OpenedRun;
  plan: TofuPlan;
  kind: PlanFacts['kind'];
}): PlanFacts {
  const { wanted, opened, plan, kind } = at;
  return {
    ...{ run: opened.run, tool: opened.tool, plan, kind, planType: 'rift' },
    commit: wanted.git_commit,
    configHash: wanted.config_hash,
    deploymentId: wanted.id,
    bundleRef: wanted.bundle_ref,
  };
}

/** What OpenTofu is given for a deployment, from its kept bundle. */
export async function requestOf(
  deps: InternalDeps,
  deployment: DeploymentRow,
  options: CallOptions,
): Promise<Pick<TofuRunRequest, 'wanted'>> {
  const files = await filesOf(deps, deployment, options);
  const { egg_name: egg, machine } = deployment;
  const { provider } = machine;
  return { wanted: { egg, shard: shardOfSet, provider, region: '', entries: new Map(), files } };
}

async function filesOf(
  deps: InternalDeps,
  deployment: DeploymentRow,
  options: CallOptions,
): Promise<BundleFiles> {
  const { bundle_ref: ref, id } = deployment;
  const bytes = ref === undefined ? undefined : await readBundle(deps, ref, options);
  if (bytes !== undefined) return unpackBundle(bytes);
  const problem = `its bundle (${ref ?? 'none'}) is not in the blob store`;
  throw storeErrors.badRow({ table: 'deployments', problem: `${id}: ${problem}` });
}

async function readBundle(
  deps: InternalDeps,
  ref: string,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await readContent(deps.blobs, ref, options);
  } catch (error) {
    if (isCoded(error, 'BLOB_CORRUPT')) return undefined;
    throw error;
  }
}
