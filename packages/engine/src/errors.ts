import { defineErrors } from '@polar-gosling/kernel';

export const bootstrapErrors = defineErrors('BOOTSTRAP', {
  used: {
    message: () => 'this bootstrap token was already traded; a runner boots once',
    http: 401,
    retry: 'never',
  },
  expired: {
    message: () => 'this bootstrap token has expired (10 minutes after the apply that made the runner)',
    http: 401,
    retry: 'never',
  },
  foreign: { message: () => 'this bootstrap token is not of this runner', http: 401, retry: 'never' },
});

export const agentErrors = defineErrors('AGENT', {
  unauthorized: { message: () => 'this agent token is not valid for this runner', http: 401, retry: 'never' },
  unknown: { message: () => 'no such runner', http: 404, retry: 'never' },
  terminated: { message: () => 'this runner was terminated; power off', http: 410, retry: 'never' },
  noBinary: {
    message: (p: { version: string; platform: string }) =>
      `there is no gosling ${p.version} for ${p.platform} to give to this runner`,
    http: 404,
    retry: 'never',
  },
});

export const tokenErrors = defineErrors('TOKEN', {
  nameTaken: {
    message: (p: { name: string }) =>
      `there is already a token named "${p.name}": revoke it first or choose another name`,
    http: 409,
    retry: 'never',
  },
  notKept: {
    message: (p: { name: string }) => `the token "${p.name}" was not kept; try again`,
    http: 503,
    retry: 'backoff',
  },
});

export const leaseErrors = defineErrors('LEASE', {
  lost: {
    message: (p: { name: string }) => `the lease ${p.name} was lost; nothing more is written under it`,
    http: 409,
    retry: 'backoff',
  },
});

export const caFileErrors = defineErrors('CA_FILE', {
  unreadable: {
    message: (p: { file: string; egg: string }) => `the ca_file ${p.file} of egg ${p.egg} cannot be read`,
    http: 422,
    retry: 'never',
  },
  refused: {
    message: (p: { file: string; egg: string; why: string }) =>
      `the ca_file ${p.file} of egg ${p.egg} is not a file of certificates: ${p.why}`,
    http: 422,
    retry: 'never',
  },
});

export const rollbackErrors = defineErrors('ROLLBACK', {
  nothing: {
    message: (p: { egg: string; why: string }) => `egg ${p.egg} has nothing to go back to: ${p.why}`,
    http: 409,
    retry: 'never',
  },
  notPinned: {
    message: (p: { egg: string }) => `egg ${p.egg} is not pinned: what its Nest says is in force`,
    http: 409,
    retry: 'never',
  },
  unknownTarget: {
    message: (p: { egg: string; to: string; known: readonly string[] }) =>
      `egg ${p.egg} has no deployment of ${p.to}; there are those of commit ${p.known.join(', ') || '(none)'}`,
    http: 404,
    retry: 'never',
  },
});
