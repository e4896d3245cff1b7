/** What a reply says of our rate; absent parts were not sent. */
export interface RateLimit {
  readonly limit?: number;
  readonly remaining?: number;
  readonly resetAtMs?: number;
  readonly retryAfterMs?: number;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const longestMs = 3_600_000;

/** Reads `RateLimit-*` (unix seconds) and `Retry-After` (seconds or a date). Nonsense counts as absent. */
export function readRateLimit(headers: Headers, nowMs: number): RateLimit {
  const limit = count(headers['ratelimit-limit']);
  const remaining = count(headers['ratelimit-remaining']);
  const resetS = count(headers['ratelimit-reset']);
  const retryAfterMs = retryAfter(first(headers['retry-after']), nowMs);
  const resetAtMs = resetS === undefined ? undefined : Math.min(resetS * 1000, nowMs + longestMs);
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetAtMs === undefined ? {} : { resetAtMs }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function retryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = count(text);
  const waitMs = seconds === undefined ? Date.parse(text) - nowMs : seconds * 1000;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), longestMs);
}

function count(header: string | readonly string[] | undefined): number | undefined {
  const text = first(header);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function first(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header.trim() : header?.[0]?.trim();
}
