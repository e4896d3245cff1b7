import { nearest } from '@polar-gosling/kernel';
import { environmentsOf } from '@polar-gosling/nest/read-nest';
import { cliErrors } from '../../cli-errors.ts';
import type { NestText } from '../../nest-files.ts';

/** The environment that was asked for, when the Nest has it. */
export function chooseEnvironment(files: readonly NestText[], asked: string | undefined): string | undefined {
  const known = environmentsOf(files.map(({ path }) => path));
  if (asked === undefined || known.includes(asked)) return asked;
  const guess = nearest(asked, known);
  const fix = guess === undefined ? `write Envs/${asked}.fly` : `did you mean ${guess}?`;
  throw cliErrors.missing({ what: `the environment ${asked}`, fix });
}
