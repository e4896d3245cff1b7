import { codes, explainCode, isFlyCode } from '@polar-gosling/fly';
import { nearest } from '@polar-gosling/kernel';
import type { Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { explainError, readErrorCodes } from '../error-codes.ts';
import { exitCodes } from '../exit-codes.ts';

/** `gosling explain CODE`: of a diagnostic what it means, wrong and right; of an error what it means and what to do. */
export const run: Command = async ({ output, flags }, input) => {
  const code = input.argument('CODE').toUpperCase();
  const errors = await readErrorCodes();
  const error = Object.hasOwn(errors, code) ? errors[code] : undefined;
  const text = error === undefined ? explainCode(code) : explainError(code, error);
  if (text === undefined) {
    const guess = nearest(code, [...Object.keys(codes), ...Object.keys(errors)]);
    const fix =
      guess === undefined
        ? 'an error, and what gosling validate finds, is shown with its code'
        : `did you mean ${guess}?`;
    throw cliErrors.missing({ what: `the code ${code}`, fix });
  }
  if (flags.json) output.json({ code, text, ...(isFlyCode(code) ? codes[code] : error) });
  else output.data(text);
  return exitCodes.ok;
};
