import type { CallOptions, EggMemberRow, PlanRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { member, memberWrite } from '../rows/writes.ts';

const planKeptMs = 90 * 86_400_000;

/** When the row of a plan goes that is out of force, or never came into it, since `sinceMs`. */
export function planExpiry(sinceMs: number): number {
  return sinceMs + planKeptMs;
}

export interface InShard {
  readonly egg: string;
  readonly shard: number;
}

/** Its plan comes into force: it stays as long as it is, and the one before for 90 days. Under the shard's lease. */
export async function inForceWrites(
  deps: InternalDeps,
  at: InShard & { readonly planId: string; readonly left?: PlanRow['status'] | undefined },
  options: CallOptions,
): Promise<readonly Write[]> {
  const before = await planInForce(deps, at, options);
  const expiry =
    before === undefined || before === at.planId
      ? []
      : await expiryWrites(deps, { id: before, left: at.left }, options);
  return [memberWrite(at.egg, member.plan(at.shard), at.planId), ...expiry];
}

/** The id of the plan that the shard's machines were last changed by; nothing where that was not noted. */
export async function planInForce(
  deps: InternalDeps,
  { egg, shard }: InShard,
  options: CallOptions,
): Promise<string | undefined> {
  const key = { partition: egg, sort: member.plan(shard) };
  return (await getRow(deps.store, { ...typed.eggMembers, key }, options))?.state;
}

async function expiryWrites(
  deps: InternalDeps,
  { id, left }: { id: string; left?: PlanRow['status'] | undefined },
  options: CallOptions,
): Promise<Write[]> {
  const row = await getRow(deps.store, { ...typed.plans, key: { partition: id } }, options);
  if (row === undefined) return [];
  const key = { table: 'deployment_plans', partition: id } as const;
  const set = { expires_at: planExpiry(deps.clock.now()), ...(left === undefined ? {} : { status: left }) };
  return [{ kind: 'update', key, set, when: { kind: 'present' } }];
}

/** What was in force for an Egg that is gone. */
export async function forgetPlans(
  deps: InternalDeps,
  at: { readonly egg: string; readonly members: readonly EggMemberRow[] },
  options: CallOptions,
): Promise<void> {
  for (const { item, state } of at.members) {
    if (!item.startsWith('plan#')) continue;
    const unit = [
      ...(await expiryWrites(deps, { id: state }, options)),
      memberWrite(at.egg, item, undefined),
    ];
    await deps.store.commit(unit, options);
  }
}
