import { defineErrors } from '@polar-gosling/kernel';

interface FieldProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** What the HTTP server itself refuses. */
export const httpErrors = defineErrors('HTTP', {
  badRequest: {
    message: (p: { what: string; errors?: readonly FieldProblem[] }) =>
      `the ${p.what} of the request is wrong; \`errors\` says where`,
    http: 400,
    retry: 'never',
  },
  badBody: {
    message: (p: { reason: string }) => `the body of the request cannot be read: ${p.reason}`,
    http: 400,
    retry: 'never',
  },
  unauthorized: {
    message: () =>
      'a valid token is needed, as `Authorization: Bearer …` or `X-Gosling-Token: …`; `gosling token create` makes one',
    http: 401,
    retry: 'never',
  },
  forbidden: {
    message: (p: { need: string }) => `this token may not do this: it needs ${p.need}`,
    http: 403,
    retry: 'never',
  },
  notFound: {
    message: (p: { what: string }) => `there is no such ${p.what}, or this token may not see it`,
    http: 404,
    retry: 'never',
  },
  methodNotAllowed: {
    message: (p: { method: string; allow: string }) =>
      `${p.method} is not for this path; it takes ${p.allow}`,
    http: 405,
    retry: 'never',
  },
  bodyTooLarge: {
    message: (p: { maxBytes: number }) => `the body is longer than ${p.maxBytes} bytes`,
    http: 413,
    retry: 'never',
  },
  unsupportedType: {
    message: () => 'the body must be `application/json` without a content encoding',
    http: 415,
    retry: 'never',
  },
  tooMany: {
    message: (p: { retryAfterS: number }) => `too many requests; again in ${p.retryAfterS} s`,
    http: 429,
    retry: 'backoff',
  },
  timedOut: {
    message: () => 'this took too long and was given up; try again in a moment',
    http: 503,
    retry: 'backoff',
  },
  portTaken: {
    message: (p: { host: string; port: number }) =>
      `port ${p.port} on ${p.host} is taken by another program; stop it, or set GOSLING_LISTEN to another port (${p.host}:0 takes any free one)`,
    http: 500,
    retry: 'never',
  },
  portDenied: {
    message: (p: { host: string; port: number }) =>
      `this user may not listen on port ${p.port} of ${p.host}; set GOSLING_LISTEN to a port above 1023`,
    http: 500,
    retry: 'never',
  },
  addressUnknown: {
    message: (p: { host: string }) =>
      `${p.host} is no address of this machine; set GOSLING_LISTEN to one that is, or to 127.0.0.1:8080`,
    http: 500,
    retry: 'never',
  },
  tlsUnreadable: {
    message: (p: { file: string; reason: string }) =>
      `cannot use ${p.file} for TLS (${p.reason}); GOSLING_TLS_CERT and GOSLING_TLS_KEY name PEM files that belong together`,
    http: 500,
    retry: 'never',
  },
});

export const webhookErrors = defineErrors('WEBHOOK', {
  denied: {
    message: () =>
      'no valid webhook token for this project; GitLab sends it as X-Gitlab-Token, and MotherGoose sets it when it makes the hook',
    http: 403,
    retry: 'never',
  },
  badJson: { message: () => 'the body is no JSON object', http: 400, retry: 'never' },
  badEncoding: {
    message: () => 'the body must come without a content encoding',
    http: 400,
    retry: 'never',
  },
});
