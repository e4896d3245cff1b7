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
 * runners: they may come and go, but never change or be replaced, nor go while a runner lives that shares their key.
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
    else if (change.actions[0] === 'create') creates.push(change.address);
    else if (change.actions[0] === 'delete') deletes.push(change.address);
  }
  return offending.length > 0 ? { kind: 'unexpected', offending } : { kind: 'ok', creates, deletes };
}

function objection(
  { address, actions }: TofuChange,
  { rows, helpers = [] }: { rows: readonly TofuRow[]; helpers?: readonly string[] },
): string | undefined {
  const action = actions.length === 1 ? actions[0] : `replace (${actions.join(', ')})`;
  if (action === 'no-op' || action === 'read') return undefined;
  if (action !== 'create' && action !== 'delete') return `${action} is never allowed`;
  const row = rows.find((one) => isWithin(address, one.address));
  if (row !== undefined) return objectionToRow(action, row);
  const helper = helpers.find((one) => isWithin(address, one));
  if (helper !== undefined) {
    const isOf = (one: TofuRow) => isWithin(address, `${helper}["${one.sharedKey}"]`);
    const user = action === 'delete' ? rows.find((one) => mayUse(one) && isOf(one)) : undefined;
    return user && `delete of what a runner that is ${user.state} uses`;
  }
  return `${action} of something that is no runner of this shard`;
}

/** One that is only requested has made nothing yet: what it shares is made again with it. */
function mayUse({ state }: TofuRow): boolean {
  return state !== 'requested' && state !== 'terminating' && state !== 'terminated';
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
