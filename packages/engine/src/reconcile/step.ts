import type { Write } from '@polar-gosling/ports/store';

/** One runner's part of the plan: its writes, and the shard whose OpenTofu run it needs. */
export interface Step {
  readonly writes: readonly Write[];
  readonly shard: number | undefined;
  /** It never came to life: counts towards the Egg's back-off. */
  readonly isBootFailure: boolean;
  /** It comes to life with this change: how long since its machine was made, and since it was asked for. */
  readonly booted?: { readonly bootMs: number; readonly totalMs: number };
}
