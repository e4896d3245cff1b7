import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { dirtyWrites } from '../rows/writes.ts';

/** Makes the Egg's reconcile move the launches among these rows to another shard: this one has a removal to do first. */
export async function callForLaunches(
  deps: InternalDeps,
  { egg, rows }: { egg: string; rows: readonly RunnerRow[] },
  options: CallOptions & { trace: string },
): Promise<void> {
  if (!rows.some(({ state, made }) => state === 'requested' && !made)) return;
  await deps.store.commit(dirtyWrites(egg, options, deps), options);
  deps.queue.wake();
}
