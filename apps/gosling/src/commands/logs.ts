import type { ApiClient, Run } from '@polar-gosling/api-contract';
import { connect } from '../api.ts';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { followRun } from './logs/follow-run.ts';
import { createRunLines } from './logs/run-lines.ts';

/** What OpenTofu tells in one run: the lines so far, with `--follow` those that come, with `--full` all it said. */
export const logs: Command = async (context, input) => {
  const api = await connect(context, 'gosling logs');
  const id = await runIdOf(context, input, api);
  if (input.flag('full')) {
    context.output.data((await api.call('runLog', { params: { id } }, call(context))).trimEnd());
    return exitCodes.ok;
  }
  let run = await api.call('getRun', { params: { id } }, call(context));
  if (context.flags.json && !input.flag('follow')) {
    context.output.json(run);
    return exitOf(run);
  }
  context.output.talk(`run ${run.id} of ${run.egg_name}, shard ${run.shard}`);
  const lines = createRunLines(context);
  lines.takeRow(run);
  if (input.flag('follow') && run.state !== 'settled') {
    run = await followRun({ api, run, lines, clock: context.clock }, context.signal);
  }
  talkOutcome(context, run);
  return exitOf(run);
};

async function runIdOf(context: CliContext, input: CommandInput, api: ApiClient): Promise<string> {
  const [id] = input.arguments('RUN');
  const egg = input.text('egg');
  if ((id === undefined) === (egg === undefined)) {
    throw cliErrors.usage({
      problem: 'which run?',
      fix: 'give its id, or --egg NAME for the newest of an Egg',
    });
  }
  if (id !== undefined) return id;
  const { items } = await api.call('listRuns', { query: { egg: egg ?? '', limit: 1 } }, call(context));
  const [newest] = items;
  if (newest === undefined)
    throw cliErrors.missing({
      what: `run of ${egg}`,
      fix: 'OpenTofu has not run for it yet; gosling list eggs shows the names',
    });
  return newest.id;
}

function talkOutcome({ output }: CliContext, { state, problem }: Run): void {
  if (problem !== undefined) output.talk(`it failed: ${problem.detail} (${problem.code})`);
  else output.talk(state === 'settled' ? 'it is over' : `it is ${state}`);
}

function exitOf({ problem }: Run): ExitCode {
  return problem === undefined ? exitCodes.ok : exitCodes.failed;
}

function call({ signal }: CliContext): { signal: AbortSignal } {
  return { signal };
}
