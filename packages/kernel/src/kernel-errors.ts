import { defineErrors } from './errors.ts';

export const kernelErrors = defineErrors('KERNEL', {
  timedOut: {
    message: (p: { what: string; waitedMs: number }) => `${p.what} did not happen within ${p.waitedMs} ms`,
    http: 504,
    retry: 'backoff',
  },
  impossible: {
    message: (p: { what: string }) => `this cannot be: ${p.what}`,
    http: 500,
    retry: 'never',
    isPoison: true,
  },
});
