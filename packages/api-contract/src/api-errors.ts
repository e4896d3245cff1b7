import { defineErrors } from '@polar-gosling/kernel';

interface Refusal {
  /** Status and code of the answer; `detail` is the server's sentence. */
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId?: string | undefined;
}

/** What a caller of the HTTP API may meet. Branch on `code` here, or on `params.code` of the server. */
export const apiErrors = defineErrors('API', {
  unreachable: {
    message: (p: { url: string; reason: string }) =>
      `MotherGoose does not answer at ${p.url} (${p.reason}); is it running, and is the address right?`,
    http: 502,
    retry: 'backoff',
  },
  timedOut: {
    message: (p: { url: string; timeoutMs: number }) =>
      `MotherGoose at ${p.url} did not answer within ${p.timeoutMs} ms`,
    http: 504,
    retry: 'backoff',
  },
  /** 401 or 403. */
  unauthorized: {
    message: (p: Refusal) => p.detail,
    http: 401,
    retry: 'never',
  },
  /** 429, 502, 503 or 504: later, after `retryAfterMs` where the server said so. */
  busy: {
    message: (p: Refusal & { retryAfterMs?: number | undefined }) => p.detail,
    http: 503,
    retry: 'backoff',
  },
  /** Any other refusal. */
  problem: {
    message: (p: Refusal & { errors?: readonly { path: string; message: string }[] | undefined }) =>
      [p.detail, ...(p.errors ?? []).map(({ path, message }) => `${path}: ${message}`)].join('\n'),
    http: 502,
    retry: 'never',
  },
  /** What answered is not MotherGoose, or of a release that cannot be understood. */
  badAnswer: {
    message: (p: { url: string; status: number; reason: string }) =>
      `${p.url} answered ${p.status}, but not as MotherGoose does (${p.reason}); check the address and the version`,
    http: 502,
    retry: 'never',
  },
  insecureUrl: {
    message: (p: { url: string }) =>
      `${p.url} is plain HTTP to another machine: a token would go in clear; use https://`,
    http: 400,
    retry: 'never',
  },
  badUrl: {
    message: (p: { url: string }) =>
      `"${p.url}" is no address of MotherGoose; it looks like https://host:port`,
    http: 400,
    retry: 'never',
  },
});
