import { defineErrors } from '@polar-gosling/kernel';

export const runnerErrors = defineErrors('RUNNER', {
  noPort: {
    message: () => 'this machine gives no free loopback port',
    http: 500,
    retry: 'backoff',
  },
  wrongChecksum: {
    message: (p: { found: string; wanted: string }) =>
      `what the mirror of gitlab-runner gave has the SHA-256 ${p.found}, not ${p.wanted}; it was not kept`,
    http: 502,
    retry: 'never',
  },
  noChecksum: {
    message: () =>
      'MotherGoose named a mirror of gitlab-runner without its SHA-256; nothing is fetched unchecked',
    http: 502,
    retry: 'never',
  },
  noInvocation: {
    message: (p: { reason: string }) =>
      `this container was invoked without a runner's request: ${p.reason}; MotherGoose invokes it`,
    http: 400,
    retry: 'never',
  },
  noToken: {
    message: () =>
      'there is no one-time token: set GOSLING_BOOTSTRAP_TOKEN or GOSLING_BOOTSTRAP_TOKEN_FILE (a machine gets it from MotherGoose)',
    http: 401,
    retry: 'never',
  },
});
