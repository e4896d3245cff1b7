import type { Clock } from '@polar-gosling/kernel';

/** Is a `[[runners]]` entry worth asking? After some failed requests in a row it rests for a while. */
export interface EntryHealth {
  isHealthy(): boolean;
  good(): void;
  /** Returns true when this failure began a rest. */
  bad(): boolean;
}

export function createEntryHealth(
  clock: Clock,
  limits: { readonly unhealthyRequestsLimit: number; readonly unhealthyIntervalMs: number },
): EntryHealth {
  let failures = 0;
  let restEndsAtMs = 0;
  return {
    isHealthy() {
      if (failures < limits.unhealthyRequestsLimit) return true;
      if (clock.monotonic() < restEndsAtMs) return false;
      failures = 0;
      return true;
    },
    good() {
      failures = 0;
    },
    bad() {
      failures++;
      if (failures !== limits.unhealthyRequestsLimit) return false;
      restEndsAtMs = clock.monotonic() + limits.unhealthyIntervalMs;
      return true;
    },
  };
}
