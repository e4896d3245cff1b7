/** One thing that a backend tells of itself to `gosling doctor`. */
export interface SelfCheck {
  /** `reach`, `rights`, `clock`, … */
  readonly name: string;
  readonly ok: boolean;
  /** What was seen; never a value. */
  readonly detail: string;
  /** What to do about it; absent when all is well. */
  readonly fix?: string;
}

const mostSkewMs = 2_000;

/** What the clock of a server says of ours; nothing where it tells no time. Its header counts whole seconds. */
export function checkSkew(skewMs: number | undefined, server: string): readonly SelfCheck[] {
  if (skewMs === undefined) return [];
  const isRight = skewMs > -mostSkewMs - 1_000 && skewMs < mostSkewMs;
  if (isRight) return [{ name: 'clock', ok: true, detail: `agrees with ${server}` }];
  const detail = `${server} is ${(skewMs / 1_000).toFixed(0)} s from ours; it refuses requests at 15 min`;
  return [{ name: 'clock', ok: false, detail, fix: 'synchronise the clock of this host (NTP)' }];
}
