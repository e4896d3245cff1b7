import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { readSet } from '../long-lived/read-set.ts';
import { longLivedSets } from '../long-lived/sets.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { readNestRow } from '../sync/write-nest.ts';

/**
 * Versions of OpenTofu that a plan still needs: a saved plan is applied by the very version that made it. Plans of runs
 * in flight, by key; and plans armed for long-lived resources.
 */
export async function versionsInPlans(deps: InternalDeps, options: CallOptions): Promise<Set<string>> {
  const eggs = (await readNestRow(deps, options))?.eggs ?? [];
  const versions = new Set<string>();
  for (const egg of eggs) {
    const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: egg } }, options);
    const runs = members.flatMap(({ item }) => /^run#\d+#(.+)$/.exec(item)?.[1] ?? []);
    const keys = runs.map((partition) => ({ partition }));
    for (const run of await getRows(deps.store, { ...typed.runs, keys }, options)) {
      if (run.plan_id === undefined) continue;
      const plan = await getRow(deps.store, { ...typed.plans, key: { partition: run.plan_id } }, options);
      if (plan?.tofu_version !== undefined) versions.add(plan.tofu_version);
    }
  }
  for (const set of longLivedSets) {
    const version = (await readSet(deps, set, options)).armed?.tofu_version;
    if (version !== undefined) versions.add(version);
  }
  return versions;
}
