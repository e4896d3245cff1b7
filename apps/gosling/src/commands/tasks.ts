import type { ApiClient, Task, TaskList } from '@polar-gosling/api-contract';
import { isCoded } from '@polar-gosling/kernel';
import { connect } from '../api.ts';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { readAll } from '../read-all.ts';
import { shownCode } from '../shown-code.ts';
import { ago } from '../ui/ago.ts';
import { renderTable } from '../ui/table.ts';

/** The queue and its dead letters, newest first. */
export const listTasks: Command = async (context, input) => {
  const { output, clock, signal } = context;
  const most = limitOf(input);
  const api = await connect(context, 'gosling tasks');
  const { items, queue } = await readTasks(api, most, signal);
  if (context.flags.json) {
    output.json({ queue, items });
    return exitCodes.ok;
  }
  if (queue !== undefined) output.talk(counts(queue));
  if (items.length === 0) return exitCodes.ok;
  const rows = items.map((task) => [
    task.id,
    `${task.kind} ${task.key}`,
    ago(task.buried_at, clock.now()),
    String(task.receives),
    task.reason,
  ]);
  const header = ['ID', 'TASK', 'PUT ASIDE', 'TRIES', 'REASON'];
  output.data(renderTable(header, rows, { style: output.dataStyle, columns: output.stdout.columns }));
  return exitCodes.ok;
};

export const redriveTasks: Command = (context, input) =>
  changeTasks(context, input, {
    word: 'put back to work',
    change: (api, id) => api.call('redriveTask', { params: { id } }, { signal: context.signal }),
  });

export const purgeTasks: Command = async (context, input) => {
  if (input.flag('all') && !input.flag('yes')) {
    const what = 'throw all dead letters away?';
    if (!(await context.prompter.confirm({ what, flag: '--yes' }))) throw cliErrors.interrupted({});
  }
  return changeTasks(context, input, {
    word: 'thrown away',
    change: (api, id) => api.call('purgeTask', { params: { id } }, { signal: context.signal }),
  });
};

interface Change {
  readonly word: string;
  change(api: ApiClient, id: string): Promise<unknown>;
}

/** Each by itself: one that is gone does not keep the others. */
async function changeTasks(context: CliContext, input: CommandInput, how: Change): Promise<ExitCode> {
  const given = input.arguments('ID');
  const isAll = input.flag('all');
  if (isAll === given.length > 0) {
    throw cliErrors.usage({ problem: 'which dead letters?', fix: 'give their ids, or --all' });
  }
  const api = await connect(context, 'gosling tasks');
  const ids = isAll
    ? (await readTasks(api, Number.POSITIVE_INFINITY, context.signal)).items.map(({ id }) => id)
    : given;
  const done: string[] = [];
  const failed: { id: string; code: string; exit: ExitCode }[] = [];
  for (const id of ids) {
    try {
      await how.change(api, id);
      done.push(id);
    } catch (error) {
      if (!isCoded(error) || context.signal.aborted) throw error;
      context.output.talk(`${id}: ${error.message}`);
      failed.push({ id, code: shownCode(error), exit: exitCodeOf(error) });
    }
  }
  if (context.flags.json) context.output.json({ done, failed: failed.map(({ id, code }) => ({ id, code })) });
  context.output.talk(`${done.length} ${how.word}`);
  const [first] = failed;
  if (first === undefined) return exitCodes.ok;
  return done.length === 0 ? first.exit : exitCodes.partly;
}

async function readTasks(
  api: ApiClient,
  most: number,
  signal: AbortSignal,
): Promise<{ items: readonly Task[]; queue: TaskList['queue'] | undefined }> {
  let queue: TaskList['queue'] | undefined;
  const items = await readAll(async (query) => {
    const page: TaskList = await api.call('listTasks', { query }, { signal });
    queue ??= page.queue;
    return page;
  }, most);
  return { items, queue };
}

function limitOf(input: CommandInput): number {
  const text = input.text('limit') ?? '100';
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw cliErrors.usage({ problem: `--limit "${text}" is no number`, fix: 'write it like 100' });
  return Number(text);
}

function counts({ ready, leased, delayed, buried, oldest_age_s }: TaskList['queue']): string {
  const age = oldest_age_s > 0 ? `, the oldest has been due for ${Math.round(oldest_age_s)} s` : '';
  return `${ready} ready, ${leased} worked on, ${delayed} delayed, ${buried} put aside${age}`;
}
