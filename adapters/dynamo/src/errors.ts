import { defineErrors } from '@polar-gosling/kernel';

export const dynamoErrors = defineErrors('DYNAMO', {
  dialect: {
    message: (p: { op: string; what: string }) => `${p.op} with ${p.what} is outside what every engine takes`,
    http: 500,
    retry: 'never',
    isPoison: true,
  },
  noToken: {
    message: (p: { reason: string }) => `there is no token to sign a request to the store with: ${p.reason}`,
    http: 503,
    retry: 'backoff',
  },
  badPrefix: {
    message: (p: { prefix: string }) =>
      `"${p.prefix}" cannot begin the names of tables: use up to 100 letters, digits, "_", "." and "-"`,
    http: 500,
    retry: 'never',
  },
});
