import type { RunnerRow } from '@polar-gosling/ports/store';
import type { PlanChange } from '@polar-gosling/ports/tofu';
import { isTainted } from './shard-work.ts';

/** A row that does not say what OpenTofu's state says: an earlier run ended before it could write it down. */
export interface Alignment {
  readonly row: RunnerRow;
  readonly to: 'booting' | 'failed' | 'terminating' | 'terminated';
  readonly made: boolean;
  readonly why: string;
  /** Half of it exists. */
  readonly isTainted?: true;
}

/**
 * Compares rows with what a plan shows of the state (every address of the state is in it, as no-op at least).
 * Pure; an empty answer means that rows and state agree.
 */
export function alignRows(
  rows: readonly RunnerRow[],
  plan: { readonly changes: readonly PlanChange[]; readonly hasChanges: boolean },
): readonly Alignment[] {
  const byAddress = new Map(plan.changes.map((change) => [change.address, change.actions]));
  return rows.flatMap((row) => {
    const found = alignRow(row, byAddress.get(row.address), plan.hasChanges);
    return found === undefined ? [] : [found];
  });
}

function alignRow(
  row: RunnerRow,
  actions: readonly string[] | undefined,
  hasChanges: boolean,
): Alignment | undefined {
  const isStarting = row.state === 'requested' || row.state === 'provisioning';
  if (isStarting && !row.made && actions !== undefined) {
    // With changes left, an interrupted start is finished by this very plan.
    if (isOnly(actions, 'no-op') && !hasChanges) {
      return { row, to: 'booting', made: true, why: 'an earlier run made it before it was ended' };
    }
    if (actions.length > 1) {
      return { row, to: 'failed', made: true, isTainted: true, why: 'an earlier run made half of it' };
    }
  }
  if (row.state === 'terminating' && (actions?.length ?? 0) > 1 && !isTainted(row)) {
    return {
      row,
      to: 'terminating',
      made: true,
      isTainted: true,
      why: 'half of it exists: it is removed first',
    };
  }
  const isNotThere = actions === undefined || isOnly(actions, 'create');
  if (row.state === 'terminating' && isNotThere) {
    return { row, to: 'terminated', made: row.made, why: 'it is not in the state any more' };
  }
  return undefined;
}

function isOnly(actions: readonly string[], action: string): boolean {
  return actions.length === 1 && actions[0] === action;
}
