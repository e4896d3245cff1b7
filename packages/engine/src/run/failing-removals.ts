import type { EggStateRow, RunnerRow } from '@polar-gosling/ports/store';
import { type FailingRun, failingRuns, nextTryAt } from './failing-runs.ts';

const minuteMs = 60_000;
const fewestStuck = 10;

/** Those of shards where a machine that could not be removed is still there. Pure. */
export function failingRemovals(
  state: Pick<EggStateRow, 'failing'> | undefined,
  rows: Iterable<RunnerRow>,
): ReadonlyMap<number, FailingRun> {
  return new Map(stuckMachines(state, rows).map(({ failing }) => [failing.shard, failing]));
}

function stuckMachines(state: Pick<EggStateRow, 'failing'> | undefined, rows: Iterable<RunnerRow>) {
  const known = failingRuns(state);
  return [...rows].flatMap((row) => {
    const failing = known[row.shard];
    const wasTried = failing !== undefined && row.state === 'terminating' && row.state_since <= failing.at;
    return wasTried ? [{ row, failing }] : [];
  });
}

/** Launches wait for machines that cannot be removed. */
export interface Hold {
  readonly machines: number;
  /** When a removal is tried again. */
  readonly until: number;
}

/**
 * Whoever can launch and not remove would pay for each job's machine for ever: once as many as this are stuck, launches
 * wait until one is gone. Twice the Egg's most machines, so that an hour's outage of a cloud holds up no job. Pure.
 */
export function holdOf(
  state: Pick<EggStateRow, 'failing'> | undefined,
  { rows, most, now }: { rows: Iterable<RunnerRow>; most: number; now: number },
): Hold | undefined {
  const stuck = stuckMachines(state, rows);
  if (stuck.length < Math.max(fewestStuck, 2 * most)) return undefined;
  const next = Math.min(...stuck.map(({ failing }) => nextTryAt(failing)));
  return { machines: stuck.length, until: Math.max(next, now + minuteMs) };
}
