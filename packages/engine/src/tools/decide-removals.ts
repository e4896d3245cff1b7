import type { ToolVersionRow } from '@polar-gosling/ports/store';
import { byUse } from './version-rows.ts';

/** A version may stay in a plan that was made just before another came into use. */
const restMs = 3_600_000;

/**
 * Versions that need not be kept any more: those that were in use before the `keep` ones before the active one. Never
 * one that a live plan refers to, one that was never in use (somebody put it there on purpose), or one that was
 * followed by another less than an hour ago. Pure.
 */
export function decideRemovals(
  rows: readonly ToolVersionRow[],
  at: { keep: number; now: number; inPlans: ReadonlySet<string> },
): readonly ToolVersionRow[] {
  const used = byUse(rows);
  const versions = [...new Set(used.map(({ release }) => release))];
  const kept = new Set(versions.slice(0, at.keep + 1));
  return used.filter((row) => {
    const next = used.findLast(
      ({ release, activated_at: later }) => release !== row.release && isAfter(later, row),
    );
    const isAtRest = next !== undefined && at.now - (next.activated_at ?? 0) >= restMs;
    return !row.active && !kept.has(row.release) && !at.inPlans.has(row.release) && isAtRest;
  });
}

function isAfter(later: number | undefined, row: ToolVersionRow): boolean {
  return (later ?? 0) > (row.activated_at ?? 0);
}
