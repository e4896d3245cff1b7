import type { EggStateRow, RunnerRow } from '@polar-gosling/ports/store';

const slotName = /^refused (\d+)$/;
/** A refused shard is tried again after so long: what stood in its state may have been mended. */
const avoidedMs = 15 * 60_000;
/** More of them, and it is no matter of the shard: another one would be refused too. */
const mostAvoided = 3;
const minuteMs = 60_000;

/** Under which name an Egg's problems tell of a shard whose plans are refused. */
export function refusedSlot(shard: number): string {
  return `refused ${shard}`;
}

type Noted = Readonly<Record<string, { readonly since?: number; readonly at?: number }>>;

/** Shards whose last plan held a change that must not be: nothing can be applied there, so launches go elsewhere. */
export function refusedShards(state: EggStateRow | undefined, now: number): ReadonlySet<number> {
  const problems: Noted = state?.problems ?? {};
  const refused = Object.entries(problems).flatMap(([slot, { at }]) => {
    const shard = slotName.exec(slot)?.[1];
    return shard !== undefined && now - (at ?? 0) < avoidedMs ? [Number(shard)] : [];
  });
  return new Set(refused.length >= mostAvoided ? [] : refused);
}

/**
 * Does a shard whose plans are refused wait for its next one? 1 → 15 min after the last: as long again as they have been
 * refused so far. Launches that came too late to be made elsewhere do not wait: they are closed by one more. Pure.
 */
export function isRefusedLately(
  state: EggStateRow | undefined,
  { shard, rows, now }: { shard: number; rows: readonly RunnerRow[]; now: number },
): boolean {
  const problems: Noted = state?.problems ?? {};
  const refused = problems[refusedSlot(shard)];
  if (refused === undefined) return false;
  const { at = 0, since = at } = refused;
  const isStranded = rows.some((row) => row.state === 'requested' && !row.made);
  if (isStranded && refusedShards(state, now).has(shard)) return false;
  return now < at + Math.min(avoidedMs, Math.max(minuteMs, at - since));
}
