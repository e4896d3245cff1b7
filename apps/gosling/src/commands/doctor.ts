import { configVariables } from '@polar-gosling/api-contract/settings';
import { mapLimit } from '@polar-gosling/kernel';
import type { CliContext, Command } from '../cli/command.ts';
import { type Check, type Finding, fail } from '../doctor/check.ts';
import { checks } from '../doctor/checks.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderTable } from '../ui/table.ts';

const atOnce = 4;

interface Result extends Finding {
  readonly id: string;
  readonly title: string;
}

/** `gosling doctor`: what was looked at, what was seen, what to do. */
export const run: Command = async (context) => {
  const { signal, output, flags } = context;
  const results = await mapLimit(checks, { limit: atOnce, signal }, (check) => lookAt(check, context));
  const variables = setVariables(context);
  if (flags.json) {
    const plain = results.map(({ result, ...rest }) => ({ ...rest, result }));
    output.json({ checks: plain, variables });
  } else {
    print(context, results, variables);
  }
  return results.some(({ result }) => result === 'fail') ? exitCodes.failed : exitCodes.ok;
};

async function lookAt(check: Check, context: CliContext): Promise<Result> {
  const { id, title } = check;
  try {
    return { id, title, ...(await check.look(context)) };
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = context.masker.mask(error instanceof Error ? error.message : String(error));
    return { id, title, ...fail(`could not be looked at: ${reason}`, 'run gosling doctor --debug') };
  }
}

/** Each variable that is set, with its description; values of secrets are not shown. */
function setVariables({ env, masker }: CliContext): { name: string; value: string; description: string }[] {
  return configVariables.flatMap(({ name, description, isSecret }) => {
    const value = env[name];
    if (value === undefined) return [];
    return [{ name, value: isSecret === true ? '[secret]' : masker.mask(value), description }];
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
