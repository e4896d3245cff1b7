import { defineErrors } from '@polar-gosling/kernel';

/** A secret is named by its role; neither its value nor the text of a reference stands in a message. */
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
  denied: {
    message: (p: { role: string; backend: string; reason: string }) =>
      `${p.backend} refuses ${p.role}: ${p.reason}`,
    http: 424,
    retry: 'never',
  },
  missing: {
    message: (p: { role: string; fix: string }) => `there is no ${p.role}; ${p.fix}`,
    http: 424,
    retry: 'never',
  },
  badReference: {
    message: (p: { role: string; problem: string }) => `the reference of ${p.role} is wrong: ${p.problem}`,
    http: 400,
    retry: 'never',
  },
  noBackend: {
    message: (p: { role: string; backend: string; fix: string }) =>
      `${p.role} lies in ${p.backend}, which this process has no way to; ${p.fix}`,
    http: 424,
    retry: 'never',
  },
  noFields: {
    message: (p: { role: string; backend: string }) =>
      `what ${p.backend} holds for ${p.role} has no fields; it must be a JSON object of texts`,
    http: 424,
    retry: 'never',
  },
  tooBig: {
    message: (p: { role: string; most: number }) =>
      `the value of ${p.role} is longer than the ${p.most} bytes that every backend takes`,
    http: 413,
    retry: 'never',
    isPoison: true,
  },
  damaged: {
    message: (p: { path: string; reason: string }) =>
      `the secret file ${p.path} cannot be read: ${p.reason}; restore it together with its key`,
    http: 500,
    retry: 'never',
  },
});
