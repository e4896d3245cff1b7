import { queueErrors } from '@polar-gosling/ports/queue';

const missing = new Set(['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue']);
const throttled = new Set([
  'OverLimit',
  'RequestThrottled',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);
const notInFlight = new Set([
  'InvalidParameterValue',
  'MessageNotInflight',
  'ReceiptHandleIsInvalid',
  'AWS.SimpleQueueService.MessageNotInflight',
]);

/** What the SDK threw, as one of our codes; its text stays in `cause`. */
export function toQueueError(error: unknown, at: { op: string; queue: string }): unknown {
  const name = nameOf(error);
  if (missing.has(name)) return queueErrors.missing({ queue: at.queue }, { cause: error });
  const status = statusOf(error);
  const isOurs = status !== undefined && status >= 400 && status < 500 && status !== 429;
  if (isOurs && !throttled.has(name))
    return queueErrors.refused({ op: at.op, reason: name }, { cause: error });
  return queueErrors.unavailable({ op: at.op }, { cause: error });
}

/** The message is not given out under this receipt: done, given to somebody else, or visible again. */
export function isNotInFlight(error: unknown): boolean {
  return notInFlight.has(nameOf(error));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
