import type { CallOptions, EggStateRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

const minuteMs = 60_000;
const longestBackoffMs = 15 * minuteMs;
/** Longer than any back-off with its run: what failed before that is another matter. */
const forgottenAfterMs = 60 * minuteMs;

/** Runs of one shard that failed in a row: of an Egg its removals, of a long-lived set all that change it. */
export interface FailingRun {
  readonly shard: number;
  readonly failures: number;
  /** When the first and the last of them failed. */
  readonly since: number;
  readonly at: number;
  readonly code: string;
  readonly detail: string;
  /** The deployment of a set that they were for: another one is another matter. */
  readonly target?: string;
}

/** By shard, as they were noted. */
export function failingRuns(
  state: Pick<EggStateRow, 'failing'> | undefined,
): Readonly<Record<string, FailingRun>> {
  return state?.failing ?? {};
}

/** 1 → 15 min after the last of them. */
export function nextTryAt({ at, failures }: Pick<FailingRun, 'at' | 'failures'>): number {
  return at + Math.min(longestBackoffMs, minuteMs * 2 ** (failures - 1));
}

/** Notes that a run failed, or (without a problem) that one did what it was for. */
export async function noteFailing(
  deps: Pick<InternalDeps, 'store' | 'clock'>,
  at: { egg: string; shard: number; problem?: Pick<FailingRun, 'code' | 'detail' | 'target'> },
  options: CallOptions,
): Promise<FailingRun | undefined> {
  return commitDecision(deps.store, `failing runs of ${at.egg}`, {
    signal: options.signal,
    decide: async () => {
      const key = { partition: at.egg };
      const row = await getRow(deps.store, { ...typed.eggState, key }, options);
      const { [at.shard]: before, ...others } = failingRuns(row);
      const failing = at.problem && after(before, { ...at.problem, shard: at.shard, at: deps.clock.now() });
      if (before === undefined && failing === undefined) return { unit: undefined, result: failing };
      const set = { failing: JSON.parse(JSON.stringify({ ...others, [at.shard]: failing })) };
      const when = row ? ({ kind: 'version', version: row.version } as const) : ({ kind: 'absent' } as const);
      return {
        unit: [{ kind: 'update', key: { table: 'egg_state', ...key }, set, when }],
        result: failing,
      };
    },
  });
}

function after(before: FailingRun | undefined, now: Omit<FailingRun, 'failures' | 'since'>): FailingRun {
  const isSame =
    before !== undefined && before.target === now.target && now.at - before.at < forgottenAfterMs;
  const { failures, since } = isSame ? before : { failures: 0, since: now.at };
  return { ...now, failures: failures + 1, since };
}
