import { type Diagnostic, renderDiagnostics } from '@polar-gosling/fly';
import { nearest } from '@polar-gosling/kernel';
import {
  type EffectivePool,
  type EffectiveValue,
  environmentsOf,
  explainPool,
  type FileReport,
  type Origin,
  parseFiles,
} from '@polar-gosling/nest';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { isTooBig, type NestText } from '../nest-files.ts';
import type { Output } from '../output.ts';
import { renderTable } from '../ui/table.ts';
import { chooseEnvironment } from './validate/choose-environment.ts';
import { type Selection, selectFiles } from './validate/select-files.ts';

/** `gosling explain egg NAME [--env]`: every value that is in force, and the file and line that set it. */
export const run: Command = async (context, input) => {
  const [selection] = await selectFiles(context.cwd, [input.text('path') ?? '.']);
  if (selection === undefined) return exitCodes.notFound;
  const environment = chooseEnvironment(selection.files, input.text('env'));
  const name = input.argument('NAME');
  const explained = explainPool(parseFiles(selection.files), name, {
    embedded: true,
    ...(environment !== undefined && { environment }),
  });
  if (explained.kind === 'unknown') throw unknown(name, explained.names, selection.files.find(isTooBig));
  if (explained.kind === 'invalid') return refuse(context, { name, selection, reports: explained.reports });
  if (context.flags.json) context.output.json(explained.pool);
  else print(context.output, explained.pool);
  if (environment === undefined) sayOthers(context.output, selection);
  return exitCodes.ok;
};

function unknown(name: string, names: readonly string[], tooBig: NestText | undefined): Error {
  if (tooBig !== undefined) {
    const fix = `it may stand in ${tooBig.path}, which is bigger than 1 MiB and was not read`;
    return cliErrors.missing({ what: `the Egg ${name}`, fix });
  }
  const guess = nearest(name, names);
  const known =
    names.length === 0 ? 'gosling add egg makes one' : `there are ${names.slice(0, 10).join(', ')}`;
  const fix = guess === undefined ? known : `did you mean ${guess}?`;
  return cliErrors.missing({ what: `the Egg ${name}`, fix });
}

/** What stands in the way of a value, so that nobody has to run another command to see it. */
function refuse(
  { output, flags }: CliContext,
  at: { name: string; selection: Selection; reports: readonly FileReport[] },
) {
  const errors = at.reports.flatMap(({ diagnostics }) => diagnostics.filter(isError));
  const sources = new Map(at.selection.files.map(({ path, text }) => [path, text]));
  if (flags.json)
    output.json({
      name: at.name,
      errors: errors.map(({ code, file, message }) => ({ code, file, message })),
    });
  else output.talk(renderDiagnostics(errors, { sources, color: output.stderr.hasColour }).trimEnd());
  output.talk(`${at.name} has no values in force until these errors are mended: gosling validate`);
  return exitCodes.invalid;
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function print(output: Output, pool: EffectivePool): void {
  const env = pool.environment === undefined ? '' : ` with Envs/${pool.environment}.fly`;
  output.data(`${pool.kind} "${pool.name}"${env}, ${pool.file}:${pool.line}\n`);
  const rows = pool.values.map((value) => [value.path, value.text ?? '-', sayOrigin(value)]);
  // Nothing is cut at a terminal: the end of a line is what was asked for.
  const options = { style: output.dataStyle, columns: undefined };
  output.data(renderTable(['value', 'in force', 'set by'], rows, options));
}

function sayOrigin({ origin, through, note }: EffectiveValue): string {
  const names = through.map((one) => `${one.name} ${place(one.origin)}`);
  const steps = [place(origin), ...names].join(' ← ');
  return note === undefined ? steps : `${steps} (${note})`;
}

/** Values that an environment changes are not seen without it. */
function sayOthers(output: Output, { files }: Selection): void {
  const others = environmentsOf(files.map(({ path }) => path));
  if (others.length > 0) output.talk(`without an environment; there are --env ${others.join(', --env ')}`);
}

const layers: Readonly<Record<string, string>> = { defaults: ' (defaults)', patch: ' (patch)' };

function place(origin: Origin): string {
  if (origin.kind === 'built-in') return `built in: ${origin.why}`;
  return `${origin.file}:${origin.line}${layers[origin.layer] ?? ''}`;
}
