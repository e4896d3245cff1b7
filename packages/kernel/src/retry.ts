import type { Clock } from './clock.ts';
import { isCoded } from './errors.ts';
import type { IdSource } from './ids.ts';

export interface RetryPlan {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly capMs: number;
}

/** Full jitter: a random time in [0, min(cap, base · 2^attempt)]. */
export function retryDelayMs(plan: RetryPlan, attempt: number, random: number): number {
  return Math.round(random * Math.min(plan.capMs, plan.baseMs * 2 ** attempt));
}

/**
 * Repeats `action` while its coded error says `retry: 'backoff' | 'now'` and tries are left. Only around what may
 * be repeated; there is one such layer per call path.
 */
export async function withRetries<Result>(
  action: (attempt: number) => Promise<Result>,
  options: { plan: RetryPlan; clock: Clock; ids: IdSource; signal: AbortSignal },
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      const mayRepeat = isCoded(error) && error.retry !== 'never' && attempt + 1 < options.plan.attempts;
      if (!mayRepeat) throw error;
      const afterMs = Number(error.params['retryAfterMs'] ?? 0);
      const jittered = retryDelayMs(options.plan, attempt, options.ids.random());
      await options.clock.sleep(Math.max(afterMs, error.retry === 'now' ? 0 : jittered), options.signal);
    }
  }
}
