import type { Egg, EggStatus } from '@polar-gosling/api-contract';
import { z } from 'zod';

export interface EggOverview {
  readonly egg: Egg;
  readonly status: EggStatus;
}

const FileProblem = z.object({
  code: z.string().optional(),
  message: z.string().optional(),
  detail: z.string().optional(),
  file: z.string().optional(),
  line: z.number().optional(),
});

/** `Eggs/app/config.fly:12`, where the newest text of this Egg is wrong; `undefined` where it is fine. */
export function brokenFile(egg: Egg): string | undefined {
  if (egg.problem === undefined || egg.problem === null) return undefined;
  const { file, line } = FileProblem.catch({}).parse(egg.problem);
  const place = file ?? egg.source_file;
  return line === undefined ? place : `${place}:${line}`;
}

/** Everything a person should look at, one line each, with file and line where it stands in the Nest. */
export function problemsOf({ egg, status }: EggOverview): readonly string[] {
  const notes = status.problems.map(({ code, detail }) => `${detail} [${code}]`);
  const place = brokenFile(egg);
  if (place === undefined) return notes;
  const { code, message, detail } = FileProblem.catch({}).parse(egg.problem);
  const what = message ?? detail ?? 'its newest text has errors';
  return [
    `${place}: ${what}${code === undefined ? '' : ` [${code}]`}; the last good version is in force`,
    ...notes,
  ];
}
