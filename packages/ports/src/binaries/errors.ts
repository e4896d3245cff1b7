import { defineErrors } from '@polar-gosling/kernel';

export const binaryErrors = defineErrors('BINARY', {
  download: {
    message: (p: { what: string; url: string; reason: string }) =>
      `${p.what} could not be fetched from ${p.url}: ${p.reason}`,
    http: 502,
    retry: 'backoff',
  },
  checksum: {
    message: (p: { what: string; url: string }) =>
      `what came from ${p.url} is not the ${p.what} that was asked for (SHA-256 differs); it was thrown away`,
    http: 502,
    retry: 'never',
  },
  signature: {
    message: (p: { what: string; url: string; reason: string }) =>
      `the signature of ${p.url} does not prove this ${p.what}: ${p.reason}; nothing of it was kept`,
    http: 502,
    retry: 'never',
  },
  unknownVersion: {
    message: (p: { what: string; version: string }) =>
      `there is no ${p.what} ${p.version} here; install it first: gosling tofu install ${p.version}`,
    http: 404,
    retry: 'never',
  },
  ambiguous: {
    message: (p: { what: string; version: string; builds: string; fix: string }) =>
      `${p.what} ${p.version} is here in several builds: ${p.builds}; say which one: ${p.fix}`,
    http: 409,
    retry: 'never',
  },
  noRollback: {
    message: (p: { what: string }) => `there is no earlier ${p.what} to go back to`,
    http: 409,
    retry: 'never',
  },
  unwritable: {
    message: (p: { path: string; reason: string }) => `${p.path} cannot be written: ${p.reason}`,
    http: 507,
    retry: 'never',
  },
  badRequest: {
    message: (p: { problem: string; fix: string }) => `${p.problem}; ${p.fix}`,
    http: 400,
    retry: 'never',
  },
});
