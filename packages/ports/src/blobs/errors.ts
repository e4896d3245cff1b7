import { defineErrors } from '@polar-gosling/kernel';

export const blobErrors = defineErrors('BLOB', {
  badKey: { message: (p: { key: string }) => `"${p.key}" is no blob key`, http: 400, retry: 'never' },
  unavailable: {
    message: (p: { op: string }) => `the blob store did not answer ${p.op}`,
    http: 503,
    retry: 'backoff',
  },
});
