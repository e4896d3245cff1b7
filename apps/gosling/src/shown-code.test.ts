import { apiErrors } from '@polar-gosling/api-contract';
import { expect, it } from 'vitest';
import { cliErrors } from './cli-errors.ts';
import { shownCode } from './shown-code.ts';

const refusal = { status: 409, detail: 'no' };

it.each([
  ['ROLLBACK_NOTHING', apiErrors.problem({ ...refusal, code: 'ROLLBACK_NOTHING' })],
  ['TOKEN_LIMITED', apiErrors.unauthorized({ ...refusal, code: 'TOKEN_LIMITED' })],
  ['STORE_UNAVAILABLE', apiErrors.busy({ ...refusal, code: 'STORE_UNAVAILABLE' })],
  ['API_PROBLEM', apiErrors.problem({ ...refusal, code: '\u001b[31m no code' })],
  ['API_BAD_URL', apiErrors.badUrl({ url: 'x' })],
  ['CLI_OFFLINE', cliErrors.offline({ what: 'x' })],
  ['CLI_INTERNAL', new TypeError('x')],
])('shows %s', (code, error) => {
  expect(shownCode(error)).toBe(code);
});
