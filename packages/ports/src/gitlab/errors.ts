import { defineErrors } from '@polar-gosling/kernel';

export const gitlabErrors = defineErrors('GITLAB', {
  refusedUrl: {
    message: (p: { server: string; reason: string }) =>
      `this GitLab URL is refused (${p.server}): ${p.reason}`,
    http: 400,
    retry: 'never',
  },
  unreachable: {
    message: (p: { server: string; reason: string }) => `GitLab at ${p.server} did not answer: ${p.reason}`,
    http: 502,
    retry: 'backoff',
  },
  rateLimited: {
    message: (p: { server: string; retryAfterMs: number }) =>
      `GitLab at ${p.server} limits our rate; next try in ${Math.ceil(p.retryAfterMs / 1000)} s`,
    http: 503,
    retry: 'backoff',
  },
  unauthorized: {
    message: (p: { server: string }) =>
      `GitLab at ${p.server} does not accept our API token (expired or revoked?): gosling secret put gitlab/${p.server}/default/api-token`,
    http: 502,
    retry: 'never',
  },
  forbidden: {
    message: (p: { server: string; what: string }) =>
      `our API token on ${p.server} may not ${p.what}: it needs the scope api and the role Maintainer (Owner for groups)`,
    http: 502,
    retry: 'never',
  },
  notFound: {
    message: (p: { server: string; what: string }) =>
      `GitLab at ${p.server} has no ${p.what}, or our API token may not see it`,
    http: 502,
    retry: 'never',
  },
  refused: {
    message: (p: { server: string; what: string; status: number; detail: string }) =>
      `GitLab at ${p.server} refused to ${p.what} (${p.status}): ${p.detail}`,
    http: 502,
    retry: 'never',
  },
  badAnswer: {
    message: (p: { server: string; what: string; problem: string }) =>
      `GitLab at ${p.server} answered ${p.what} in a form we do not know: ${p.problem}`,
    http: 502,
    retry: 'never',
  },
});
