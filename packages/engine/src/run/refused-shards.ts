import type { EggStateRow } from '@polar-gosling/ports/store';

const slotName = /^refused (\d+)$/;
/** A refused shard is tried again after so long: what stood in its state may have been mended. */
const avoidedMs = 15 * 60_000;
/** More of them, and it is no matter of the shard: another one would be refused too. */
const mostAvoided = 3;

/** Under which name an Egg's problems tell of a shard whose plans are refused. */
export function refusedSlot(shard: number): string {
  return `refused ${shard}`;
}

/** Shards whose last plan held a change that must not be: nothing can be applied there, so launches go elsewhere. */
export function refusedShards(state: EggStateRow | undefined, now: number): ReadonlySet<number> {
  const problems: Readonly<Record<string, { at?: number }>> = state?.problems ?? {};
  const refused = Object.entries(problems).flatMap(([slot, { at }]) => {
    const shard = slotName.exec(slot)?.[1];
    return shard !== undefined && now - (at ?? 0) < avoidedMs ? [Number(shard)] : [];
  });
  return new Set(refused.length >= mostAvoided ? [] : refused);
}
