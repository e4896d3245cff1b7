const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
const part = /(\d+(?:\.\d+)?)\s*(days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)/gi;

/** GitLab's `timeout` words: `1h 30m`, `90 minutes`, `3 hours 30 minutes`. `undefined` when it is none. */
export function parseCiDuration(text: string): number | undefined {
  if (text.replaceAll(part, '').replaceAll(/,|\band\b|\s/g, '') !== '') return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(part)) {
    totalMs += Number(amount) * (unitMs[(unit ?? '').charAt(0).toLowerCase()] ?? 0);
  }
  return totalMs > 0 ? totalMs : undefined;
}
