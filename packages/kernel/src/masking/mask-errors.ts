import { defineErrors } from '../errors.ts';

export const maskErrors = defineErrors('SECRET', {
  tooShort: {
    message: (p: { least: number; role?: string }) =>
      `${p.role ?? 'a secret'} has fewer than ${p.least} characters and could not be kept out of logs; use a longer one`,
    http: 400,
    retry: 'never',
  },
});
