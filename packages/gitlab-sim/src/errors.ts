import { defineErrors } from '@polar-gosling/kernel';

/** What a caller of the simulator's own surface (tests, demo, seed file) can do wrong. */
export const simErrors = defineErrors('SIM', {
  unknown: {
    message: (p: { what: string; id: string | number }) => `the simulator has no ${p.what} ${p.id}`,
    http: 404,
    retry: 'never',
  },
  taken: {
    message: (p: { what: string; name: string }) => `the simulator already has a ${p.what} ${p.name}`,
    http: 409,
    retry: 'never',
  },
  ciYamlInvalid: {
    message: (p: { problems: string }) => `.gitlab-ci.yml: ${p.problems}`,
    http: 400,
    retry: 'never',
  },
  wrongState: {
    message: (p: { what: string; state: string }) => `${p.what} is not possible in state ${p.state}`,
    http: 403,
    retry: 'never',
  },
  badSeed: {
    message: (p: { path: string; problem: string }) => `seed file ${p.path}: ${p.problem}`,
    http: 400,
    retry: 'never',
  },
  badArgument: {
    message: (p: { problem: string }) => p.problem,
    http: 400,
    retry: 'never',
  },
});

/** Answers of the REST API other than success, in GitLab's words. */
export const apiErrors = defineErrors('SIM_API', {
  badRequest: { message: (p: { text: string }) => p.text, http: 400, retry: 'never' },
  unauthorized: { message: (_: object) => '401 Unauthorized', http: 401, retry: 'never' },
  forbidden: {
    message: (p: { text?: string }) => (p.text === undefined ? '403 Forbidden' : `403 Forbidden - ${p.text}`),
    http: 403,
    retry: 'never',
  },
  notFound: {
    message: (p: { what: string }) => (p.what === '' ? '404 Not Found' : `404 ${p.what} Not Found`),
    http: 404,
    retry: 'never',
  },
  unprocessable: { message: (p: { text: string }) => p.text, http: 422, retry: 'never' },
  tooManyRequests: {
    message: (_: object) => 'This endpoint has been requested too many times. Try again later.',
    http: 429,
    retry: 'backoff',
  },
});
