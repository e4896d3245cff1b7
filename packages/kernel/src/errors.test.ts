import { expect, it } from 'vitest';
import { CodedError, defineErrors, isCoded, toProblem } from './errors.ts';

const eggErrors = defineErrors('EGG', {
  tooBig: {
    message: (p: { egg: string; mib: number }) => `${p.egg} has ${p.mib} MiB`,
    http: 413,
    retry: 'never',
  },
  gone: { message: () => 'it is gone', http: 410, retry: 'backoff' },
});

it('makes an error with a code of prefix and name, the sentence, the status and the parameters', () => {
  const error = eggErrors.tooBig({ egg: 'web', mib: 7 });

  expect(error).toBeInstanceOf(CodedError);
  expect(error).toMatchObject({
    name: 'CodedError',
    code: 'EGG_TOO_BIG',
    message: 'web has 7 MiB',
    http: 413,
    retry: 'never',
    params: { egg: 'web', mib: 7 },
  });
});

it('tells code and status of an error without making one', () => {
  expect([eggErrors.tooBig.code, eggErrors.tooBig.http]).toEqual(['EGG_TOO_BIG', 413]);
  expect(eggErrors.gone.code).toBe(eggErrors.gone({}).code);
});

it('keeps the cause, and has none where none was given', () => {
  const cause = new SyntaxError('inner');

  expect(eggErrors.gone({}, { cause }).cause).toBe(cause);
  expect('cause' in eggErrors.gone({})).toBe(false);
});

it('knows its own errors, by code where one is asked for', () => {
  const error = eggErrors.gone({});

  expect(isCoded(error)).toBe(true);
  expect(isCoded(error, 'EGG_GONE')).toBe(true);
  expect(isCoded(error, 'EGG_TOO_BIG')).toBe(false);
  expect(isCoded({ code: 'EGG_GONE' }, 'EGG_GONE')).toBe(false);
  expect(isCoded(undefined)).toBe(false);
});

it('shows a client code and sentence of a coded error, never its cause', () => {
  const problem = toProblem(eggErrors.gone({}, { cause: new SyntaxError('SELECT password') }));

  expect(problem).toEqual({ status: 410, code: 'EGG_GONE', title: 'EGG_GONE', detail: 'it is gone' });
});

it('shows a client nothing of an error that is not ours', () => {
  const problem = toProblem(new SyntaxError('SELECT password FROM users'));

  expect(problem).toMatchObject({ status: 500, code: 'KERNEL_INTERNAL' });
  expect(JSON.stringify(problem)).not.toContain('password');
});
