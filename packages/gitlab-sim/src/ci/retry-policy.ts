import type { RetryRule } from './ci-config.ts';

/** Words allowed in `retry:when`, with the reasons a job can fail for. */
export const failureReasons = [
  'unknown_failure',
  'script_failure',
  'api_failure',
  'stuck_or_timeout_failure',
  'runner_system_failure',
  'runner_unsupported',
  'runner_interrupted',
  'stale_schedule',
  'job_execution_timeout',
  'archived_failure',
  'unmet_prerequisites',
  'scheduler_failure',
  'data_integrity_failure',
] as const;

/** Is a job that failed for `reason` after `retriesCount` retries started again by itself? */
export function isRetried(rule: RetryRule, reason: string, retriesCount: number): boolean {
  if (retriesCount >= rule.max) return false;
  return rule.when.includes('always') || rule.when.includes(reason);
}
