import type { EggStateRow, RunnerAgentRow, RunnerRow } from '@polar-gosling/ports/store';

const minuteMs = 60_000;
const longestBackoffMs = 15 * minuteMs;
const failuresAllowed = 3;

/** Columns of `egg_state` that change. */
export interface BackoffChange {
  readonly failures?: number;
  readonly backoff_until?: number | undefined;
  /** How many failures the Egg has backed off for. */
  readonly backoff_failures?: number;
}

/** Launches go on at once. */
export const noBackoff = { failures: 0, backoff_until: undefined, backoff_failures: 0 } as const;

/**
 * After 3 boots in a row that failed: one trial launch at a time, 1 → 15 min apart. A finished job of a runner
 * launched since the last failure ends it (what older ones do says nothing of new machines). Pure: the
 * pass that sees the failure plans with it already, and writes it down at its end.
 */
export function backoffOf(
  seen: {
    readonly state: EggStateRow | undefined;
    readonly runners: ReadonlyMap<string, RunnerRow>;
    readonly agents: ReadonlyMap<string, RunnerAgentRow>;
  },
  now: number,
): BackoffChange {
  const failures = seen.state?.failures ?? 0;
  const failedAt = seen.state?.failed_at ?? 0;
  const hasWorked = [...seen.agents.values()].some(
    ({ runner_id, jobs_done }) => jobs_done > 0 && (seen.runners.get(runner_id)?.created_at ?? 0) >= failedAt,
  );
  if (hasWorked && failures > 0) return noBackoff;
  if (failures < failuresAllowed) return {};
  const backedOffFor = Number(seen.state?.backoff_failures ?? 0);
  if (backedOffFor >= failures) return {};
  const waitMs = Math.min(longestBackoffMs, minuteMs * 2 ** (failures - failuresAllowed));
  return { backoff_until: now + waitMs, backoff_failures: failures };
}
