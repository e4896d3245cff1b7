import { checkFly, parseFly } from '@polar-gosling/fly';
import { jobFile } from '@polar-gosling/nest';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { checkIsFree, checkName, openNest, sayWritten, writeBlock } from './add/write-block.ts';

/** `gosling add job NAME`: a job of the installation itself, in Jobs/NAME.fly. */
export const run: Command = async (context, input) => {
  const name = input.argument('NAME');
  checkName(name, 'a job');
  const { root, files } = await openNest(context.cwd, input.text('path') ?? '.');
  const schedule = input.text('schedule') ?? '';
  checkSchedule(schedule);
  const script = await scriptOf(context, input);
  const tags = input.texts('tag');
  const { path: file, text: block } = jobFile({ name, schedule, script, tags });
  checkIsFree(files, { kind: 'job', name, file });
  const result = await writeBlock(root, file, { kind: 'job', name, block });
  if (context.flags.json) context.output.json({ name, file, result });
  else context.output.data(file);
  sayWritten(context.output, file, result);
  context.output.talk(`Next: gosling validate && git add ${file} && git commit -m "Add job" && git push`);
  return exitCodes.ok;
};

/** The checker says what is wrong with a cron line. */
function checkSchedule(schedule: string): void {
  const { text } = jobFile({ name: 'a', schedule, script: 'x' });
  const found = checkFly(parseFly(text)).diagnostics.find(({ severity }) => severity === 'error');
  if (found === undefined) return;
  throw cliErrors.usage({
    problem: `--schedule "${schedule}": ${found.message}`,
    fix: 'write it like "0 3 * * *" (minute hour day month weekday, UTC)',
  });
}

async function scriptOf({ prompter }: CliContext, input: CommandInput): Promise<string> {
  const script =
    input.text('script') ?? (await prompter.text({ what: 'Script of the job (shell)', flag: '--script' }));
  if (script.trim() !== '') return script;
  throw cliErrors.usage({ problem: 'the script is empty', fix: 'pass --script' });
}
