import type { RetryPlan } from '@polar-gosling/kernel';

/** Ends of what one call may cost. */
export interface HttpLimits {
  readonly connectTimeoutMs: number;
  /** One try, from the first byte to the last. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly connectionsPerServer: number;
  /** Longest wait for GitLab's rate limit inside a call; a longer one is left to the caller. */
  readonly patienceMs: number;
  readonly retry: RetryPlan;
}

export const defaultLimits: HttpLimits = {
  connectTimeoutMs: 10_000,
  timeoutMs: 30_000,
  maxBodyBytes: 16 * 1024 * 1024,
  connectionsPerServer: 16,
  patienceMs: 5_000,
  retry: { attempts: 3, baseMs: 250, capMs: 4_000 },
};
