import type { CallOptions } from '@polar-gosling/ports/store';
import type { BundleFiles, TofuWanted } from '@polar-gosling/ports/tofu';
import type { LongLivedSet } from '../long-lived/sets.ts';

/** What a long-lived set shall be. */
export interface SetDeployment {
  readonly set: LongLivedSet;
  readonly provider: TofuWanted['provider'];
  /** All of its OpenTofu files but `versions.tf`, `providers.tf` and `tofu.rc`. No secret may be in them: they are kept. */
  readonly files: BundleFiles;
  readonly commit: string;
  readonly configHash: string;
}

/** Long-lived sets of resources (`plan_type` is not `runner`): changed in place, with a plan back that is always armed. */
export interface Sets {
  /**
   * Opens a deployment; a worker plans and applies it, and then arms the plan back. Ends a pin. The same files again open
   * none. Fails with STORE_CONTENDED.
   */
  deploy(deployment: SetDeployment, options: CallOptions): Promise<{ readonly deploymentId: string }>;
}
