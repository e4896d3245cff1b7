import { checkNest, environmentsOf, parseFiles } from '@polar-gosling/nest/read-nest';
import type { Command } from '../cli/command.ts';
import { withoutTurboFan } from '../cli/without-turbofan.ts';
import { exitCodes } from '../exit-codes.ts';
import { folderInRepository, type NestText } from '../nest-files.ts';
import { chooseEnvironment } from './validate/choose-environment.ts';
import { fixFiles } from './validate/fix-files.ts';
import { type Findings, printDiagnostics, printFixes } from './validate/print-diagnostics.ts';
import { readBefore } from './validate/read-before.ts';
import { readLimits } from './validate/read-limits.ts';
import { type Selection, selectFiles } from './validate/select-files.ts';

/** `gosling validate [PATH…]`: all diagnostics of all files at once; warnings alone are fine. */
export const run: Command = async (context, input) => {
  const { cwd, flags, output, signal } = context;
  const found: Findings[] = [];
  const limits = await readLimits(context);
  for (const selection of await selectFiles(cwd, input.arguments('PATH'))) {
    const environments = chooseEnvironments(selection, input.text('env'));
    const at = { since: input.text('since'), signal };
    const before = await readBefore(selection.base, selection.files, at);
    const options = { ...(before && { before }), ...(limits && { limits }) };
    const check = (files: readonly NestText[]) =>
      withoutTurboFan(() => checkNest(parseFiles(files), environments, options)).filter(({ file }) =>
        selection.isChosen(file),
      );
    const result = input.flag('fix')
      ? await fixFiles(selection, check)
      : { files: selection.files, diagnostics: check(selection.files), applied: [] };
    printFixes(output, result.applied);
    found.push({
      diagnostics: result.diagnostics,
      sources: new Map(result.files.map(({ path, text }) => [path, text])),
      count: selection.files.filter(({ path }) => selection.isChosen(path)).length,
      prefix: await folderInRepository(selection.base),
    });
  }
  printDiagnostics(output, flags.json ? 'json' : (input.text('format') ?? 'text'), found);
  const isInvalid = found.some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === 'error'));
  return isInvalid ? exitCodes.invalid : exitCodes.ok;
};

/** The environment that was asked for, else all there are. */
function chooseEnvironments({ files }: Selection, asked: string | undefined): readonly string[] {
  const chosen = chooseEnvironment(files, asked);
  return chosen === undefined ? environmentsOf(files.map((file) => file.path)) : [chosen];
}
