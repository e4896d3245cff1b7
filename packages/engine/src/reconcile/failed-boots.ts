import type { CallOptions, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import type { FailedBoot } from './step.ts';

/**
 * How many of them make the Egg back off: those of an earlier configuration say nothing of the one in force, and where
 * another choice of its order is left, that one is asked at once.
 */
export function failuresOf(failed: readonly FailedBoot[], egg: { readonly config_hash: string }): number {
  return failed.filter(({ configHash, isElsewhere }) => configHash === egg.config_hash && !isElsewhere)
    .length;
}

/** Counts them on their deployments, one write each; excused ones are not counted. */
export async function failedBootWrites(
  deps: InternalDeps,
  at: { egg: string; failed: readonly FailedBoot[] },
  options: CallOptions,
): Promise<Write[]> {
  const counts = new Map<string, number>();
  for (const { deploymentId, isExcused } of at.failed) {
    if (!isExcused && deploymentId !== undefined)
      counts.set(deploymentId, (counts.get(deploymentId) ?? 0) + 1);
  }
  const writes: Write[] = [];
  for (const [sort, count] of counts) {
    const key = { partition: at.egg, sort };
    const row = await getRow(deps.store, { ...typed.deployments, key }, options);
    if (row === undefined) continue;
    const add = { boots_failed: count };
    writes.push({ kind: 'update', key: { table: 'deployments', ...key }, add, when: { kind: 'present' } });
  }
  return writes;
}
