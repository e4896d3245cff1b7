import type { CallOptions, EggStateRow, RunnerRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

const minuteMs = 60_000;
const longestBackoffMs = 15 * minuteMs;
/** Longer than any back-off with its run: what failed before that is another matter. */
const forgottenAfterMs = 60 * minuteMs;

const fewestStuck = 10;

/** Removals of one shard that failed in a row without removing anything. */
export interface FailingRemoval {
  readonly shard: number;
  readonly failures: number;
  /** When the first and the last of them failed. */
  readonly since: number;
  readonly at: number;
  readonly code: string;
  readonly detail: string;
}

/** Those of shards where a machine that could not be removed is still there. Pure. */
export function failingRemovals(
  state: Pick<EggStateRow, 'removals'> | undefined,
  rows: Iterable<RunnerRow>,
): ReadonlyMap<number, FailingRemoval> {
  return new Map(stuckMachines(state, rows).map(({ failing }) => [failing.shard, failing]));
}

function stuckMachines(state: Pick<EggStateRow, 'removals'> | undefined, rows: Iterable<RunnerRow>) {
  const known: Readonly<Record<string, FailingRemoval>> = state?.removals ?? {};
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
  state: Pick<EggStateRow, 'removals'> | undefined,
  { rows, most, now }: { rows: Iterable<RunnerRow>; most: number; now: number },
): Hold | undefined {
  const stuck = stuckMachines(state, rows);
  if (stuck.length < Math.max(fewestStuck, 2 * most)) return undefined;
  const next = Math.min(...stuck.map(({ failing }) => nextRemovalAt(failing)));
  return { machines: stuck.length, until: Math.max(next, now + minuteMs) };
}

/** 1 → 15 min after the last of them. */
export function nextRemovalAt({ at, failures }: FailingRemoval): number {
  return at + Math.min(longestBackoffMs, minuteMs * 2 ** (failures - 1));
}

/** Notes that a removal failed, or (without a problem) that one removed something. */
export async function noteRemoval(
  deps: Pick<InternalDeps, 'store' | 'clock'>,
  at: { egg: string; shard: number; problem?: Pick<FailingRemoval, 'code' | 'detail'> },
  options: CallOptions,
): Promise<FailingRemoval | undefined> {
  return commitDecision(deps.store, `removals of ${at.egg}`, {
    signal: options.signal,
    decide: async () => {
      const key = { partition: at.egg };
      const row = await getRow(deps.store, { ...typed.eggState, key }, options);
      const { [at.shard]: before, ...others }: Record<string, FailingRemoval> = row?.removals ?? {};
      const failing = at.problem && after(before, { ...at.problem, shard: at.shard, at: deps.clock.now() });
      if (row === undefined || (before === undefined && failing === undefined)) {
        return { unit: undefined, result: failing };
      }
      const removals = JSON.parse(JSON.stringify({ ...others, [at.shard]: failing }));
      const when = { kind: 'version', version: row.version } as const;
      const write = { kind: 'update', key: { table: 'egg_state', ...key }, set: { removals }, when } as const;
      return { unit: [write], result: failing };
    },
  });
}

function after(
  before: FailingRemoval | undefined,
  now: Omit<FailingRemoval, 'failures' | 'since'>,
): FailingRemoval {
  const isSame = before !== undefined && now.at - before.at < forgottenAfterMs;
  return {
    ...now,
    failures: isSame ? before.failures + 1 : 1,
    since: isSame ? before.since : now.at,
  };
}
