import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Diagnostic, diagnosticsToJson, renderDiagnostics } from '@polar-gosling/fly';
import { readNest } from '@polar-gosling/nest';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { findNest, type NestText, readFly, readFlyFiles } from '../nest-files.ts';

interface Selection {
  readonly files: readonly NestText[];
  /** Which of them were asked for. */
  readonly isChosen: (file: string) => boolean;
}

/** `gosling validate [PATH…]`: all diagnostics of all files at once; warnings alone are fine. */
export const run: Command = async (context, input) => {
  const paths = input.arguments('PATH');
  const environment = input.text('env');
  const diagnostics: Diagnostic[] = [];
  const sources = new Map<string, string>();
  let count = 0;
  for (const given of paths.length === 0 ? ['.'] : paths) {
    const { files, isChosen } = await select(path.resolve(context.cwd, given), given);
    const read = readNest(files, { embedded: true, ...(environment === undefined ? {} : { environment }) });
    for (const { path: name, text } of files) sources.set(name, text);
    diagnostics.push(...read.diagnostics.filter(({ file }) => isChosen(file)));
    count += files.filter((file) => isChosen(file.path)).length;
  }
  print(context, input.text('format') ?? 'text', { diagnostics, sources, count });
  return diagnostics.some(({ severity }) => severity === 'error') ? exitCodes.invalid : exitCodes.ok;
};

/** A directory is a Nest or a part of one; a file is read with its whole Nest, since files know each other. */
async function select(absolute: string, given: string): Promise<Selection> {
  const found = await stat(absolute).catch((error: unknown) => {
    throw cliErrors.missing({ what: given, fix: 'check the path' }, { cause: error });
  });
  const root = await findNest(found.isDirectory() ? absolute : path.dirname(absolute));
  if (found.isDirectory()) {
    const files = await readFlyFiles(root ?? absolute);
    const below = path
      .relative(root ?? absolute, absolute)
      .split(path.sep)
      .join('/');
    const isChosen = (file: string) => below === '' || file.startsWith(`${below}/`);
    if (files.some((file) => isChosen(file.path))) return { files, isChosen };
    throw cliErrors.missing({ what: `a .fly file in ${given}`, fix: 'gosling init makes a Nest' });
  }
  if (!absolute.endsWith('.fly')) throw cliErrors.usage({ problem: `${given} is no .fly file` });
  if (root === undefined) {
    return { files: [await readFly(path.dirname(absolute), absolute)], isChosen: () => true };
  }
  const name = path.relative(root, absolute).split(path.sep).join('/');
  return { files: await readFlyFiles(root), isChosen: (file) => file === name };
}

function print(
  { output, flags }: CliContext,
  format: string,
  view: { diagnostics: readonly Diagnostic[]; sources: ReadonlyMap<string, string>; count: number },
): void {
  const { diagnostics, sources, count } = view;
  if (flags.json || format === 'json') {
    output.json(diagnosticsToJson(diagnostics, { sources }));
    return;
  }
  if (diagnostics.length > 0) {
    output.data(renderDiagnostics(diagnostics, { sources, color: output.stdout.hasColour }).trimEnd());
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const rest = diagnostics.length - errors;
  output.talk(`${plural(count, 'file')}: ${plural(errors, 'error')}, ${plural(rest, 'other note')}`);
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
