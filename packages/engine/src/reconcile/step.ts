import type { Write } from '@polar-gosling/ports/store';

/** A boot that failed counts for the configuration and the deployment it was of. */
export interface FailedBoot {
  readonly configHash: string;
  readonly deploymentId: string | undefined;
  /** It says nothing of the deployment: nothing was tried, or what failed may do so with any (no capacity, a quota). */
  readonly isExcused: boolean;
  /** There was no capacity where it was asked for, and the next launch asks elsewhere: no reason to wait with that. */
  readonly isElsewhere?: true;
}

/** One runner's part of the plan: its writes, and the shard whose OpenTofu run it needs. */
export interface Step {
  readonly writes: readonly Write[];
  readonly shard: number | undefined;
  /** It asks for a new machine. */
  readonly isLaunch?: boolean;
  /** It never came to life. */
  readonly failedBoot?: FailedBoot;
  /** It comes to life with this change: how long since its machine was made, and since it was asked for. */
  readonly booted?: { readonly bootMs: number; readonly totalMs: number };
}
