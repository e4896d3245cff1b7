import { nearest } from '@polar-gosling/kernel';
import { connect } from '../api.ts';
import type { Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';

/** `gosling get egg NAME [--field a.b]`: the Egg as it is in force, as JSON, or one value of it. */
export const run: Command = async (context, input) => {
  const api = await connect(context, 'gosling get');
  const egg = await api.call(
    'getEgg',
    { params: { name: input.argument('NAME') } },
    { signal: context.signal },
  );
  const field = input.text('field');
  const value = field === undefined ? egg : pick(egg, field);
  if (typeof value === 'string' && !context.flags.json) context.output.data(value);
  else context.output.json(value);
  return exitCodes.ok;
};

function pick(whole: unknown, field: string): unknown {
  let value = whole;
  const walked: string[] = [];
  for (const name of field.split('.')) {
    const table = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    const found = table.find(([key]) => key === name);
    if (found === undefined)
      throw noField(
        [...walked, name].join('.'),
        table.map(([key]) => key),
        name,
      );
    walked.push(name);
    value = found[1];
  }
  return value;
}

function noField(path: string, known: readonly string[], name: string): Error {
  const guess = nearest(name, known);
  const fix =
    guess === undefined ? `there is ${known.join(', ') || 'nothing below it'}` : `did you mean ${guess}?`;
  return cliErrors.missing({ what: `the field ${path}`, fix });
}
