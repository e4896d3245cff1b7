import type { Clock } from '@polar-gosling/kernel';

export interface QuickClock extends Clock {
  readonly slept: readonly number[];
}

/** A clock whose sleeps are over at once and noted, for code that waits between real packets. */
export function createQuickClock(startMs = Date.UTC(2026, 0, 1)): QuickClock {
  const slept: number[] = [];
  let passedMs = 0;
  return {
    slept,
    now: () => startMs + passedMs,
    monotonic: () => passedMs,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      slept.push(ms);
      passedMs += ms;
    },
  };
}
