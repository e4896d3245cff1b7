import { defineErrors } from '@polar-gosling/kernel';

export const runnerErrors = defineErrors('RUNNER', {
  noPort: {
    message: () => 'this machine gives no free loopback port',
    http: 500,
    retry: 'backoff',
  },
  noToken: {
    message: () =>
      'there is no one-time token: set GOSLING_BOOTSTRAP_TOKEN or GOSLING_BOOTSTRAP_TOKEN_FILE (a machine gets it from MotherGoose)',
    http: 401,
    retry: 'never',
  },
});
