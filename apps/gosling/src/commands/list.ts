import type { ApiClient } from '@polar-gosling/api-contract';
import { connect } from '../api.ts';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { type PageOf, readAll } from '../read-all.ts';
import { ago } from '../ui/ago.ts';
import { renderTable } from '../ui/table.ts';

type Query = { limit: number; cursor?: string };

/** One kind of thing that can be listed. */
interface Listing<Item> {
  read(query: Query): Promise<PageOf<Item>>;
  readonly header: readonly string[];
  row(item: Item, now: number): readonly string[];
}

export const listEggs: Command = (context, input) =>
  print(context, input, ({ api, options }) => ({
    read: (query) => api.call('listEggs', { query }, options),
    header: ['NAME', 'KIND', 'STATUS', 'SERVER', 'SCOPE', 'COMMIT', 'FILE'],
    row: (egg) => [
      egg.name,
      egg.kind,
      egg.status,
      egg.gitlab_server ?? '-',
      scopeText(egg),
      egg.git_commit.slice(0, 8),
      egg.source_file,
    ],
  }));

export const listRunners: Command = (context, input) =>
  print(context, input, ({ api, options, egg }) => ({
    read: (query) => api.call('listRunners', { query: { ...query, ...egg } }, options),
    header: ['ID', 'EGG', 'STATE', 'POOL', 'JOBS', 'CREATED', 'HEARD', 'WHY'],
    row: (runner, now) => [
      runner.id,
      runner.egg_name,
      runner.state,
      runner.pool,
      runner.jobs.map((job) => `#${job.job_id}`).join(' ') || '-',
      ago(runner.created_at, now),
      ago(runner.last_heartbeat, now),
      runner.why,
    ],
  }));

export const listJobs: Command = (context, input) =>
  print(context, input, ({ api, options }) => ({
    read: (query) => api.call('listSelfJobs', { query }, options),
    header: ['NAME', 'SCHEDULE', 'STATUS', 'LAST RUN', 'NEXT RUN', 'COMMIT'],
    row: (job, now) => [
      job.name,
      job.schedule,
      job.status ?? '-',
      ago(job.last_run, now),
      job.next_run ?? '-',
      job.git_commit.slice(0, 8),
    ],
  }));

export const listCiJobs: Command = (context, input) =>
  print(context, input, ({ api, options, egg }) => ({
    read: (query) =>
      api.call(
        'listCiJobs',
        { query: { ...query, ...egg, ...(input.flag('waiting') ? { state: 'waiting' } : {}) } },
        options,
      ),
    header: ['JOB', 'STATUS', 'EGG', 'TAGS', 'REF', 'QUEUED', 'RUNNER', 'REASON'],
    row: (job, now) => [
      `${job.name} #${job.job_id}`,
      job.status,
      job.egg_name ?? '-',
      job.tags?.join(',') || '-',
      job.ref,
      ago(job.queued_at, now),
      job.runner_id ?? '-',
      job.reason ?? job.failure_reason ?? '-',
    ],
  }));

export const listPlans: Command = async (context, input) => {
  const egg = input.text('egg');
  if (egg === undefined) throw cliErrors.usage({ problem: 'plans belong to an Egg', fix: 'pass --egg NAME' });
  return await print(context, input, ({ api, options }) => ({
    read: (query) => api.call('listPlans', { params: { name: egg }, query }, options),
    header: ['ID', 'KIND', 'STATUS', 'ADD', 'DESTROY', 'CREATED', 'COMMIT'],
    row: (plan, now) => [
      plan.id,
      plan.kind,
      plan.status,
      String(plan.summary.add),
      String(plan.summary.destroy),
      ago(plan.created_at, now),
      plan.git_commit.slice(0, 8),
    ],
  }));
};

async function print<Item>(
  context: CliContext,
  input: CommandInput,
  listing: (at: { api: ApiClient; options: { signal: AbortSignal }; egg: { egg?: string } }) => Listing<Item>,
): Promise<0> {
  const { output, clock, signal } = context;
  const api = await connect(context, 'gosling list');
  const name = input.text('egg');
  const egg = name === undefined ? {} : { egg: name };
  const { read, header, row } = listing({ api, options: { signal }, egg });
  const items = await readAll(read, readLimit(input));
  if (context.flags.json) {
    output.json(items);
  } else if (items.length === 0) {
    output.talk('nothing to list');
  } else {
    const rows = items.map((item) => row(item, clock.now()));
    output.data(renderTable(header, rows, { style: output.dataStyle, columns: output.stdout.columns }));
  }
  return exitCodes.ok;
}

function readLimit(input: CommandInput): number {
  const text = input.text('limit') ?? '';
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw cliErrors.usage({ problem: `--limit "${text}" is no number above 0` });
}

function scopeText(egg: {
  gitlab_project_id?: number | undefined;
  gitlab_group_id?: number | undefined;
}): string {
  if (egg.gitlab_project_id !== undefined) return `project ${egg.gitlab_project_id}`;
  return egg.gitlab_group_id === undefined ? '-' : `group ${egg.gitlab_group_id}`;
}
