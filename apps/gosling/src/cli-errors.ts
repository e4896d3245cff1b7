import { defineErrors } from '@polar-gosling/kernel';

export const cliErrors = defineErrors('CLI', {
  usage: {
    message: (p: { problem: string; fix?: string }) => (p.fix ? `${p.problem}; ${p.fix}` : p.problem),
    http: 400,
    retry: 'never',
  },
  interrupted: {
    message: () => 'interrupted',
    http: 499,
    retry: 'never',
  },
  badConfig: {
    message: (p: { problems: readonly string[] }) => p.problems.join('\n  '),
    http: 500,
    retry: 'never',
  },
  noAddress: {
    message: (p: { dataDir: string }) =>
      `no MotherGoose to talk to: start one here (gosling up; looked in ${p.dataDir}), or set GOSLING_URL and GOSLING_TOKEN`,
    http: 503,
    retry: 'never',
  },
  noToken: {
    message: (p: { url: string }) =>
      `no token for ${p.url}: set GOSLING_TOKEN_FILE (or GOSLING_TOKEN), made with gosling token create`,
    http: 401,
    retry: 'never',
  },
  offline: {
    message: (p: { what: string }) => `${p.what} needs the network; run it without --offline`,
    http: 503,
    retry: 'never',
  },
  unreadable: {
    message: (p: { path: string; reason: string }) => `cannot read ${p.path}: ${p.reason}`,
    http: 500,
    retry: 'never',
  },
  missing: {
    message: (p: { what: string; fix: string }) => `${p.what} is not there; ${p.fix}`,
    http: 404,
    retry: 'never',
  },
  forbidden: {
    message: (p: { what: string; fix: string }) => `${p.what}; ${p.fix}`,
    http: 403,
    retry: 'never',
  },
  exists: {
    message: (p: { what: string; fix: string }) => `${p.what} exists already; ${p.fix}`,
    http: 409,
    retry: 'never',
  },
  refused: {
    message: (p: { what: string; reason: string }) => `${p.what}: ${p.reason}`,
    http: 422,
    retry: 'never',
  },
  locked: {
    message: (p: { what: string; reason: string }) => `${p.what} is in use: ${p.reason}; try again later`,
    http: 423,
    retry: 'backoff',
  },
  timedOut: {
    message: (p: { what: string; fix: string }) => `${p.what}; ${p.fix}`,
    http: 504,
    retry: 'backoff',
  },
  alreadyRunning: {
    message: (p: { dataDir: string; pid: string }) =>
      `gosling already runs on ${p.dataDir} (pid ${p.pid}): stop it first, or set GOSLING_DATA_DIR to another directory`,
    http: 409,
    retry: 'never',
  },
  noNest: {
    message: () =>
      'which Nest? Run gosling init in it (it stores the address of its remote), or set GOSLING_NEST_URL',
    http: 500,
    retry: 'never',
  },
  notInNest: {
    message: (p: { path: string }) =>
      `${p.path} is in no Nest: go to a directory that has a folder Eggs or a file Nest.fly, or below it`,
    http: 404,
    retry: 'never',
  },
  commandFailed: {
    message: (p: { command: string; detail: string }) => `${p.command} failed: ${p.detail}`,
    http: 500,
    retry: 'never',
  },
  demoFailed: {
    message: (p: { stage: string; detail: string }) => `the demo stopped at "${p.stage}": ${p.detail}`,
    http: 500,
    retry: 'never',
  },
});
