import type { Clock } from '@polar-gosling/kernel';

const windowMs = 60_000;

export interface RateAnswer {
  readonly isAllowed: boolean;
  /** GitLab's `RateLimit-*`, and `Retry-After` when refused. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Counts requests per key in windows of a minute. */
export type RateLimiter = (key: string, perMinute: number, name: string) => RateAnswer;

export function createRateLimiter(clock: Clock): RateLimiter {
  const windows = new Map<string, { startMs: number; observed: number }>();
  return (key, perMinute, name) => {
    const nowMs = clock.now();
    const startMs = Math.floor(nowMs / windowMs) * windowMs;
    const before = windows.get(key);
    const current = before?.startMs === startMs ? before : { startMs, observed: 0 };
    current.observed++;
    windows.set(key, current);
    const isAllowed = current.observed <= perMinute;
    const resetMs = startMs + windowMs;
    return {
      isAllowed,
      headers: {
        'RateLimit-Limit': String(perMinute),
        'RateLimit-Name': name,
        'RateLimit-Observed': String(current.observed),
        'RateLimit-Remaining': String(Math.max(0, perMinute - current.observed)),
        'RateLimit-Reset': String(resetMs / 1000),
        'RateLimit-ResetTime': new Date(resetMs).toUTCString(),
        ...(!isAllowed && { 'Retry-After': String(Math.max(1, Math.ceil((resetMs - nowMs) / 1000))) }),
      },
    };
  };
}
