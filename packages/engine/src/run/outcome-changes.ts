import type { RunnerRow } from '@polar-gosling/ports/store';
import type { TofuOutcome } from '@polar-gosling/ports/tofu';
import type { RowChange } from './row-changes.ts';
import type { ShardWork } from './shard-work.ts';

/**
 * What an apply that ended by itself means for its runners. A create that failed without a machine closes its runner
 * id; one that left something behind is `failed` first, so that it goes by a delete of its own. Pure.
 */
export function outcomeChanges(at: {
  work: ShardWork;
  rows: readonly RunnerRow[];
  outcome: Exclude<TofuOutcome, { kind: 'unknown' }>;
  /** Addresses in the state after a failed apply. */
  inState: ReadonlySet<string> | undefined;
}): readonly RowChange[] {
  return at.rows.flatMap((row) => {
    const change = at.work.kind === 'create' ? created(row, at) : removed(row, at);
    return change === undefined ? [] : [change];
  });
}

type Ended = Pick<Parameters<typeof outcomeChanges>[0], 'outcome' | 'inState'>;

function created(row: RunnerRow, { outcome, inState }: Ended): RowChange | undefined {
  if (outcome.kind === 'ok' || outcome.applied.includes(row.address)) {
    return { row, to: 'booting', made: true, why: 'its machine was made' };
  }
  if (inState?.has(row.address)) {
    return {
      row,
      to: 'failed',
      made: true,
      isTainted: true,
      why: `its create failed half-way: ${outcome.summary}`,
    };
  }
  return { row, to: 'terminated', why: `its create failed without a machine: ${outcome.summary}` };
}

function removed(row: RunnerRow, { outcome, inState }: Ended): RowChange | undefined {
  const isGone =
    outcome.kind === 'ok' || outcome.removed.includes(row.address) || inState?.has(row.address) === false;
  return isGone ? { row, to: 'terminated', why: 'its machine was removed' } : undefined;
}
