import { defineErrors } from '@polar-gosling/kernel';

export const queueErrors = defineErrors('QUEUE', {
  unavailable: {
    message: (p: { op: string }) => `the queue did not answer ${p.op}; try again in a moment`,
    http: 503,
    retry: 'backoff',
  },
  refused: {
    message: (p: { op: string; reason: string }) => `the queue refused ${p.op}: ${p.reason}`,
    http: 502,
    retry: 'never',
  },
  missing: {
    message: (p: { queue: string }) => `there is no queue ${p.queue}; make it, or correct GOSLING_QUEUE_URL`,
    http: 503,
    retry: 'never',
  },
});
