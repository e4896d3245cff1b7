import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow, getRows, listAll, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { readNestRow } from '../sync/write-nest.ts';

const armedEgg = 'rift';

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
  const query = { index: 'egg_name', partition: armedEgg, order: 'desc', limit: 100 } as const;
  const armed = await listPage(deps.store, { ...typed.plans, query }, options);
  for (const { status, tofu_version: version } of armed.items) {
    if (status === 'pending' && version !== undefined) versions.add(version);
  }
  return versions;
}
