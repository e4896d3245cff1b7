import type { EggStateRow } from '@polar-gosling/ports/store';

const slotName = /^tofu(?: (\d+))?$/;
/** A refused shard is tried again after so long: what stood in its state may have been mended. */
const avoidedMs = 15 * 60_000;
/** More of them, and it is no matter of the shard: another one would be refused too. */
const mostAvoided = 3;

/** Under which name an Egg's problems tell of the runs of a shard. */
export function tofuSlot(shard: number): string {
  return shard === 0 ? 'tofu' : `tofu ${shard}`;
}

/** Shards whose last plan held a change that must not be: nothing can be applied there, so launches go elsewhere. */
export function refusedShards(state: EggStateRow | undefined, now: number): ReadonlySet<number> {
  const problems: Readonly<Record<string, { code: string; at?: number }>> = state?.problems ?? {};
  const refused = Object.entries(problems).flatMap(([slot, { code, at }]) => {
    const shard = slotName.exec(slot)?.[1] ?? (slot === 'tofu' ? '0' : undefined);
    const isRefused = code === 'TOFU_PLAN_UNEXPECTED' && now - (at ?? 0) < avoidedMs;
    return shard !== undefined && isRefused ? [Number(shard)] : [];
  });
  return new Set(refused.length >= mostAvoided ? [] : refused);
}
