import type { CallOptions, PlanRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { withLease } from '../leases/lease.ts';
import { listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { member, memberWrite } from '../rows/writes.ts';
import { type InShard, planInForce } from '../run/plan-in-force.ts';
import { readNestRow } from '../sync/write-nest.ts';

/** Of so many plans of an Egg, its newest, those in force are looked for. */
const looked = 100;

/**
 * Earlier releases let every plan expire 90 days after it was made, and noted nowhere which one is in force: of each
 * shard that has no note the newest applied one is noted, and kept. Safe to repeat; a shard in use has its turn later.
 */
export async function keepPlansInForce(deps: InternalDeps, options: CallOptions): Promise<void> {
  for (const egg of (await readNestRow(deps, options))?.eggs ?? []) {
    const query = { index: 'egg_name', partition: egg, order: 'desc', limit: looked } as const;
    const { items } = await listPage(deps.store, { ...typed.plans, query }, options);
    const newest = new Map<number, PlanRow>();
    for (const plan of items) if (isInForce(plan) && !newest.has(plan.shard)) newest.set(plan.shard, plan);
    for (const [shard, { id: planId }] of newest) await noteInForce(deps, { egg, shard, planId }, options);
  }
}

function isInForce({ status }: PlanRow): boolean {
  return status === 'applied' || status === 'rolled_back';
}

async function noteInForce(
  deps: InternalDeps,
  at: InShard & { readonly planId: string },
  options: CallOptions,
): Promise<void> {
  if ((await planInForce(deps, at, options)) !== undefined) return;
  const leased = { name: `egg/${at.egg}/${at.shard}`, watch: deps.watch, signal: options.signal };
  await withLease(deps, leased, async (lease) => {
    const inner = { signal: lease.signal };
    // An apply may have come between.
    if ((await planInForce(deps, at, inner)) !== undefined) return;
    const key = { table: 'deployment_plans', partition: at.planId } as const;
    const unit: Write[] = [
      lease.check(),
      memberWrite(at.egg, member.plan(at.shard), at.planId),
      { kind: 'update', key, set: { expires_at: undefined }, when: { kind: 'present' } },
    ];
    await deps.store.commit(unit, inner);
  });
}
