import type { Hook } from '../state/hook.ts';

/** More failures in a row than this disable a hook for a while. */
const temporaryAfter = 3;
/** More than this disable it until a test request gets a good answer. */
const permanentAfter = 39;
const firstBackoffMs = 60_000;
const maxBackoffMs = 24 * 3_600_000;

export type AlertStatus = 'executable' | 'temporarily_disabled' | 'disabled';

/** What GitLab shows as `alert_status`. */
export function alertStatus(hook: Hook, nowMs: number): AlertStatus {
  if (hook.recentFailures > permanentAfter) return 'disabled';
  const isWaiting = hook.disabledUntilMs !== undefined && hook.disabledUntilMs > nowMs;
  return isWaiting ? 'temporarily_disabled' : 'executable';
}

/** Counts a failed delivery: from the fourth in a row on, each one doubles the time without deliveries. */
export function recordFailure(hook: Hook, nowMs: number): void {
  hook.recentFailures++;
  if (hook.recentFailures <= temporaryAfter) return;
  if (hook.recentFailures > permanentAfter) {
    hook.disabledUntilMs = undefined;
    return;
  }
  hook.disabledUntilMs = nowMs + Math.min(maxBackoffMs, firstBackoffMs * 2 ** hook.backoffCount);
  hook.backoffCount++;
}

/** Any good answer heals the hook. */
export function recordSuccess(hook: Hook): void {
  hook.recentFailures = 0;
  hook.backoffCount = 0;
  hook.disabledUntilMs = undefined;
}
