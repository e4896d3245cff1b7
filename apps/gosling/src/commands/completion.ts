import type { Command } from '../cli/command.ts';
import { completionScript, isShell } from '../cli/completion-script.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';

/** `gosling completion SHELL`: a script for the shell to source. */
export const run: Command = async ({ output, commands }, input) => {
  const shell = input.argument('SHELL');
  if (!isShell(shell)) {
    throw cliErrors.usage({ problem: `there is no completion for "${shell}"`, fix: 'use bash, zsh or fish' });
  }
  output.stdout.write(completionScript(shell, commands));
  return exitCodes.ok;
};
