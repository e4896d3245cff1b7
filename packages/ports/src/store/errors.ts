import { defineErrors } from '@polar-gosling/kernel';

export const storeErrors = defineErrors('STORE', {
  itemTooBig: {
    message: (p: { key: string; bytes: number }) => `${p.key} is too big for the store (${p.bytes} bytes)`,
    http: 413,
    retry: 'never',
    isPoison: true,
  },
  unavailable: {
    message: (p: { op: string }) => `the store did not answer ${p.op}; try again in a moment`,
    http: 503,
    retry: 'backoff',
  },
  readOnly: {
    message: (p: { reason: string }) =>
      `the store takes no writes (${p.reason}); mend that (disk space, rights, limits), it recovers by itself`,
    http: 503,
    retry: 'backoff',
  },
  badUnit: {
    message: (p: { reason: string }) => `this transaction cannot be: ${p.reason}`,
    http: 500,
    retry: 'never',
    isPoison: true,
  },
  badCursor: {
    message: () => 'this cursor does not belong to this list; start again without one',
    http: 400,
    retry: 'never',
    isPoison: true,
  },
  badRow: {
    message: (p: { table: string; problem: string }) =>
      `a row of ${p.table} does not have its columns: ${p.problem}`,
    http: 500,
    retry: 'never',
    isPoison: true,
  },
  newerSchema: {
    message: (p: { found: number; known: number; path: string }) =>
      `${p.path} was written by a newer version (schema ${p.found}, this one knows ${p.known}); use that version or a backup`,
    http: 500,
    retry: 'never',
  },
  notOpened: {
    message: (p: { path: string; reason: string }) => `cannot open the database ${p.path}: ${p.reason}`,
    http: 503,
    retry: 'never',
  },
  contended: {
    message: (p: { what: string; attempts: number }) =>
      `${p.what} was changed by somebody else ${p.attempts} times in a row; try again`,
    http: 409,
    retry: 'backoff',
  },
});
