import { isWithin, sharedKeyOf } from '@polar-gosling/domain';
import type { RunnerRow } from '@polar-gosling/ports/store';
import type { Tofu, TofuPlan } from '@polar-gosling/ports/tofu';
import { entryOf } from '../rows/entry-of.ts';
import type { Alignment } from './align.ts';
import type { ShardWork } from './shard-work.ts';

/** Addresses of what runners share that a plan removes, as none of them is left. */
export function sharedDeletes(
  { changes }: Pick<TofuPlan, 'changes'>,
  { sharedAddresses = [] }: Pick<Tofu, 'sharedAddresses'>,
): readonly string[] {
  return changes
    .filter(({ address }) => sharedAddresses.some((owner) => isWithin(address, owner)))
    .flatMap(({ address, actions }) => (actions.length === 1 && actions[0] === 'delete' ? [address] : []));
}

/**
 * A runner of which the state has nothing any more ends with the apply that removes what it shared (`left`), and not
 * before: nobody would remove it then.
 */
export function withoutEnds(
  aligned: readonly Alignment[],
  { work, left }: { work: ShardWork; left: readonly string[] },
): readonly Alignment[] {
  if (work.kind !== 'remove' || left.length === 0) return aligned;
  const isTarget = ({ row }: Alignment) => work.targets.some(({ id }) => id === row.id);
  return aligned.filter((one) => one.to !== 'terminated' || !isTarget(one) || !hasLeft(one.row, left));
}

/** Is something of `left` what this runner shared? */
export function hasLeft(row: Pick<RunnerRow, 'entry'>, left: readonly string[]): boolean {
  if (left.length === 0) return false;
  const key = sharedKeyOf(entryOf(row));
  return key !== undefined && left.some((address) => address.includes(`[${JSON.stringify(key)}]`));
}
