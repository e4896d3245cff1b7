export type FailureClass = 'retryable' | 'fallback' | 'quota' | 'denied' | 'fatal';

/** The first pattern that matches names the class; throttling stands before quota, which it looks like. */
const table: readonly (readonly [RegExp, FailureClass])[] = [
  [/throttl|RequestLimitExceeded|TooManyRequests|rate exceeded/i, 'retryable'],
  [/InsufficientInstanceCapacity|insufficient capacity|not enough (free )?resources/i, 'fallback'],
  [/quota|LimitExceeded|ResourceExhausted|maximum number of/i, 'quota'],
  [/AccessDenied|UnauthorizedOperation|PermissionDenied|not authorized|permission denied|EACCES/i, 'denied'],
  [/acquiring the state lock|saved plan is stale|failed to (save|persist) state/i, 'retryable'],
  [/time(d )?out|connection (refused|reset)|no such host|temporar|EAGAIN|no space left|ENOSPC/i, 'retryable'],
  [/service unavailable|internal (server )?error|bad gateway|\b50[0234]\b/i, 'retryable'],
];

/** What may be done about a failure of OpenTofu or of a cloud, told by its text. */
export function classifyFailure(text: string): FailureClass {
  return table.find(([pattern]) => pattern.test(text))?.[1] ?? 'fatal';
}
