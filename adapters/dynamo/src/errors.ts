import { defineErrors } from '@polar-gosling/kernel';

export const dynamoErrors = defineErrors('DYNAMO', {
  dialect: {
    message: (p: { op: string; what: string }) => `${p.op} with ${p.what} is outside what every engine takes`,
    http: 500,
    retry: 'never',
    isPoison: true,
  },
  badPrefix: {
    message: (p: { prefix: string }) =>
      `"${p.prefix}" cannot begin the names of tables: use up to 100 letters, digits, "_", "." and "-"`,
    http: 500,
    retry: 'never',
  },
});
