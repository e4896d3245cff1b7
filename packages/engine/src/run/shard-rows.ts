import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { liveRunners } from '../rows/live-runners.ts';

/** The live runners of one shard. */
export async function shardRows(
  deps: InternalDeps,
  at: { egg: string; shard: number },
  options: CallOptions,
): Promise<RunnerRow[]> {
  const rows = await liveRunners(deps, at.egg, options);
  return rows.filter((row) => row.shard === at.shard && row.state !== 'terminated');
}
