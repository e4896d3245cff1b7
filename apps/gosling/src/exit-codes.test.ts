import { describe, expect, it } from 'vitest';
import { cliErrors } from './cli-errors.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';

describe('exitCodeOf', () => {
  it.each([
    ['an unexpected failure', new TypeError('x'), exitCodes.failed],
    ['a wrong call', cliErrors.usage({ problem: 'x' }), exitCodes.usage],
    ['an interruption', cliErrors.interrupted({}), exitCodes.interrupted],
    ['something missing', cliErrors.missing({ what: 'x', fix: 'y' }), exitCodes.notFound],
    ['something that is there already', cliErrors.exists({ what: 'x', fix: 'y' }), exitCodes.conflict],
    ['a missing token', cliErrors.noToken({ url: 'x' }), exitCodes.notAllowed],
    ['a token without the right', cliErrors.forbidden({ what: 'x', fix: 'y' }), exitCodes.notAllowed],
    ['a refusal', cliErrors.refused({ what: 'x', reason: 'y' }), exitCodes.invalid],
    ['a bad environment', cliErrors.badConfig({ problems: ['x'] }), exitCodes.failed],
  ])('gives %s its code', (_what, error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  it('has one meaning for each code', () => {
    expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length);
  });
});
