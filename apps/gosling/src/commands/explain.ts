import { codes, explainCode, isFlyCode } from '@polar-gosling/fly';
import { nearest } from '@polar-gosling/kernel';
import type { Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';

/** `gosling explain FLY012`: what a diagnostic means, with a wrong and a right example. */
export const run: Command = async ({ output, flags }, input) => {
  const code = input.argument('CODE').toUpperCase();
  const text = explainCode(code);
  if (text === undefined) {
    const guess = nearest(code, Object.keys(codes));
    const fix =
      guess === undefined ? 'diagnostics of gosling validate carry their codes' : `did you mean ${guess}?`;
    throw cliErrors.missing({ what: `the code ${code}`, fix });
  }
  if (flags.json && isFlyCode(code)) output.json({ code, text, ...codes[code] });
  else output.data(text);
  return exitCodes.ok;
};
