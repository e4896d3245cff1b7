import { defineErrors } from '@polar-gosling/kernel';

export const secretErrors = defineErrors('SECRET', {
  unreadable: {
    message: (p: { role: string; reason: string }) => `cannot read ${p.role}: ${p.reason}`,
    http: 503,
    retry: 'backoff',
  },
  unwritable: {
    message: (p: { role: string; reason: string }) => `cannot write ${p.role}: ${p.reason}`,
    http: 503,
    retry: 'backoff',
  },
  missing: {
    message: (p: { role: string; fix: string }) => `there is no ${p.role}; ${p.fix}`,
    http: 424,
    retry: 'never',
  },
  badReference: {
    message: (p: { reference: string; problem: string }) =>
      `"${p.reference}" is no secret reference: ${p.problem}`,
    http: 400,
    retry: 'never',
  },
  tooBig: {
    message: (p: { reference: string; most: number }) =>
      `the value of "${p.reference}" is longer than the ${p.most} characters that every backend takes`,
    http: 413,
    retry: 'never',
  },
  damaged: {
    message: (p: { path: string; reason: string }) =>
      `the secret file ${p.path} cannot be read: ${p.reason}; restore it together with its key`,
    http: 500,
    retry: 'never',
  },
});
