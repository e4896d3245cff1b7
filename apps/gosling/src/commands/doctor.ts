import { type ConfigVariable, configVariables, hostVariables } from '@polar-gosling/api-contract/settings';
import { type Masker, mapLimit } from '@polar-gosling/kernel';
import type { CliContext, Command } from '../cli/command.ts';
import { type Check, type Finding, fail, type NamedFinding } from '../doctor/check.ts';
import { checks } from '../doctor/checks.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { renderTable } from '../ui/table.ts';

const atOnce = 4;

interface Result extends Finding {
  readonly id: string;
  readonly title: string;
}

/** `gosling doctor`: what was looked at, what was seen, what to do. */
export const run: Command = async (context, input) => {
  const { signal, output, flags } = context;
  if (input.flag('explain')) return explain(context);
  const looks = await mapLimit(checks, { limit: atOnce, signal }, (check) => lookAt(check, context));
  const results = looks.flat();
  const variables = setVariables(context);
  if (flags.json) {
    const plain = results.map(({ result, ...rest }) => ({ ...rest, result }));
    output.json({ checks: plain, variables });
  } else {
    print(context, results, variables);
  }
  return results.some(({ result }) => result === 'fail') ? exitCodes.failed : exitCodes.ok;
};

async function lookAt({ id, title, look }: Check, context: CliContext): Promise<Result[]> {
  try {
    const found = await look(context);
    return isSeveral(found)
      ? found.map(({ name, ...finding }) => ({ id: `${id}.${name}`, title: `${title}: ${name}`, ...finding }))
      : [{ id, title, ...found }];
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = context.masker.mask(error instanceof Error ? error.message : String(error));
    return [{ id, title, ...fail(`could not be looked at: ${reason}`, 'run gosling doctor --debug') }];
  }
}

function isSeveral(found: Finding | readonly NamedFinding[]): found is readonly NamedFinding[] {
  return Array.isArray(found);
}

/** `--explain`: every variable with the value in force, its default and its meaning; looks at nothing. */
function explain({ env, masker, output, flags }: CliContext): ExitCode {
  const all = [...configVariables, ...hostVariables];
  const rows = all.map((variable) => ({ ...variable, value: shown(env[variable.name], variable, masker) }));
  if (flags.json) {
    output.json({
      variables: rows.map(({ name, value, default: fallback, description }) => ({
        name,
        value: value ?? null,
        default: fallback ?? null,
        description,
      })),
    });
    return exitCodes.ok;
  }
  const lines = rows.map(({ name, value, default: fallback, description }) => [
    name,
    value ?? fallback ?? '–',
    fallback ?? '–',
    description,
  ]);
  const table = { style: output.dataStyle, columns: undefined };
  output.data(renderTable(['VARIABLE', 'IN FORCE', 'DEFAULT', 'MEANING'], lines, table));
  return exitCodes.ok;
}

function shown(value: string | undefined, { isSecret }: ConfigVariable, masker: Masker): string | undefined {
  if (value === undefined || value === '') return undefined;
  return isSecret === true ? '[secret]' : masker.mask(value);
}

/** Each variable that is set, with its description; values of secrets are not shown. */
function setVariables({ env, masker }: CliContext): { name: string; value: string; description: string }[] {
  return configVariables.flatMap((variable) => {
    const value = shown(env[variable.name], variable, masker);
    return value === undefined ? [] : [{ name: variable.name, value, description: variable.description }];
  });
}

function print(
  { output }: CliContext,
  results: readonly Result[],
  variables: readonly { name: string; value: string; description: string }[],
): void {
  const style = output.dataStyle;
  const table = { style, columns: undefined };
  const marks = { ok: '✓', warn: '!', fail: '✗', skip: '-' };
  const rows = results.map(({ title, result, detail }) => [`${marks[result]} ${title}`, detail]);
  output.data(renderTable(['CHECK', 'SEEN'], rows, table));
  const fixes = results.filter(({ fix }) => fix !== undefined);
  if (fixes.length > 0) output.data('');
  for (const { title, result, fix } of fixes) {
    output.data(`${style(result === 'fail' ? 'red' : 'yellow', title)}: ${fix}`);
  }
  if (variables.length > 0) {
    const lines = variables.map(({ name, value, description }) => [name, value, description]);
    output.data(`\n${renderTable(['VARIABLE', 'VALUE', 'MEANING'], lines, table)}`);
  }
}
