import type { RunnerState } from './states.ts';

/** One resource of `tofu show -json`, and what the plan would do to it. */
export interface TofuChange {
  readonly address: string;
  readonly actions: readonly string[];
}

/** A runner's row: its address names its resource or the module that holds all of its resources. */
export interface TofuRow {
  readonly address: string;
  readonly state: RunnerState;
  /** The address has existed. */
  readonly made: boolean;
  /** Key of what it shares with its like. */
  readonly sharedKey?: string;
}

export type TofuVerdict =
  | { readonly kind: 'ok'; readonly creates: readonly string[]; readonly deletes: readonly string[] }
  | {
      readonly kind: 'unexpected';
      readonly offending: readonly (TofuChange & { readonly why: string })[];
    };

/**
 * May this plan be applied? Allowed are exactly: create for rows `requested` or `provisioning` whose address never
 * existed, delete for rows `terminating`, no-op and read. `helpers` are addresses of the bundle that are no
 * runners: they may come and go, but never change, nor go while a runner lives that shares their key. What is shared by
 * key may also be made anew, while it serves nobody: one that was made by half is of no use, and stays so.
 */
export function checkTofuPlan(plan: {
  readonly changes: readonly TofuChange[];
  readonly rows: readonly TofuRow[];
  readonly helpers?: readonly string[];
}): TofuVerdict {
  const offending: (TofuChange & { why: string })[] = [];
  const creates: string[] = [];
  const deletes: string[] = [];
  for (const change of plan.changes) {
    const why = objection(change, plan);
    if (why !== undefined) offending.push({ ...change, why });
    if (change.actions.includes('create')) creates.push(change.address);
    if (change.actions.includes('delete')) deletes.push(change.address);
  }
  return offending.length > 0 ? { kind: 'unexpected', offending } : { kind: 'ok', creates, deletes };
}

function objection(
  { address, actions }: TofuChange,
  plan: {
    changes: readonly TofuChange[];
    rows: readonly TofuRow[];
    helpers?: readonly string[];
  },
): string | undefined {
  const { rows, helpers = [] } = plan;
  const action = actions.length === 1 ? actions[0] : sayMixed(actions);
  if (action === 'no-op' || action === 'read') return undefined;
  const helper = helpers.find((one) => isWithin(address, one));
  if (action === madeAnew && address.startsWith(`${helper}["`)) {
    return objectionToShared(address, plan, { helper, action });
  }
  if (action !== 'create' && action !== 'delete') return `${action} is never allowed`;
  const row = rows.find((one) => isWithin(address, one.address));
  if (row !== undefined) return objectionToRow(action, row);
  if (helper === undefined) return `${action} of something that is no runner of this shard`;
  return action === 'delete' ? objectionToShared(address, plan, { helper, action }) : undefined;
}

/** What serves a runner stays as it is. */
function objectionToShared(
  address: string,
  { changes, rows }: { changes: readonly TofuChange[]; rows: readonly TofuRow[] },
  { helper, action }: { helper: string | undefined; action: string },
): string | undefined {
  const isOf = (one: TofuRow) => isWithin(address, `${helper}["${one.sharedKey}"]`);
  const isServed = (one: TofuRow) => mayUse(one) || (action === madeAnew && stays(one, changes));
  const user = rows.find((one) => isOf(one) && isServed(one));
  return user && `${action} of what a runner that is ${user.state} uses`;
}

const madeAnew = 'replace (delete, create)';

/** It is to end, and not by this plan: its agent may still have a job. */
function stays({ address }: TofuRow, changes: readonly TofuChange[]): boolean {
  return changes.some((one) => isWithin(one.address, address) && one.actions[0] === 'no-op');
}

/** One that is only requested has made nothing yet: what it shares is made again with it. */
function mayUse({ state }: TofuRow): boolean {
  return state !== 'requested' && state !== 'terminating' && state !== 'terminated';
}

function sayMixed(actions: readonly string[]): string {
  const whole = actions.includes('no-op') ? 'change of some parts' : 'replace';
  return `${whole} (${actions.join(', ')})`;
}

function objectionToRow(action: 'create' | 'delete', row: TofuRow): string | undefined {
  if (action === 'delete') {
    return row.state === 'terminating' ? undefined : `delete of a runner that is ${row.state}`;
  }
  if (row.state !== 'requested' && row.state !== 'provisioning')
    return `create of a runner that is ${row.state}`;
  return row.made ? 'create of a runner whose machine has existed' : undefined;
}

/** Is this resource the owner's, which is a resource or a module that holds some? */
export function isWithin(address: string, owner: string): boolean {
  return address === owner || address.startsWith(`${owner}.`) || address.startsWith(`${owner}[`);
}
