import { flyJsonSchema } from '@polar-gosling/fly/json-schema';
import type { Command } from '../cli/command.ts';
import { exitCodes } from '../exit-codes.ts';

/** `gosling schema`: the blocks of Fly as JSON Schema. */
export const run: Command = async ({ output }) => {
  output.json(flyJsonSchema());
  return exitCodes.ok;
};
