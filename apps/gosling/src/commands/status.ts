import type { ApiClient, EggStatus, Health } from '@polar-gosling/api-contract';
import { isCoded, mapLimit } from '@polar-gosling/kernel';
import { connect, findAddress } from '../api.ts';
import type { CliContext, Command } from '../cli/command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { readAll } from '../read-all.ts';
import { ago } from '../ui/ago.ts';
import { renderTable } from '../ui/table.ts';
import { cleanLine } from '../ui/text.ts';
import { brokenFile, type EggOverview, problemsOf } from './status/egg-overview.ts';

const atOnce = 6;

/** `gosling status`: Eggs, capacity, waiting jobs, problems, the Nest. */
export const run: Command = async (context, input) => {
  const api = await connect(context, 'gosling status');
  if (input.flag('page')) return printPageLink(context, api);
  const health = await api.call('health', {}, { signal: context.signal });
  const eggs = await readEggs(api, input.text('egg'), context.signal);
  const waiting = await api.call(
    'listCiJobs',
    { query: { state: 'waiting', limit: 50, ...(input.text('egg') && { egg: input.text('egg') }) } },
    { signal: context.signal },
  );
  if (context.flags.json) {
    context.output.json({
      health,
      eggs: eggs.map(({ egg, status }) => ({ ...egg, status })),
      waiting: waiting.items,
    });
  } else {
    print(context, { health, eggs, waiting: waiting.items });
  }
  const hasProblems = eggs.some((each) => problemsOf(each).length > 0) || (health.problems ?? []).length > 0;
  return input.flag('exit-status') && hasProblems ? exitCodes.partly : exitCodes.ok;
};

/** A link that opens the status page in a browser, once. */
async function printPageLink(context: CliContext, api: ApiClient): Promise<ExitCode> {
  const { output, signal, flags } = context;
  const { url } = await findAddress(context);
  const link = await api.call('createPageLink', {}, { signal });
  const page = `${url.replace(/\/+$/, '')}${link.path}`;
  if (flags.json) output.json({ url: page, expires_at: link.expires_at });
  else output.data(page);
  return exitCodes.ok;
}

async function readEggs(
  api: ApiClient,
  only: string | undefined,
  signal: AbortSignal,
): Promise<EggOverview[]> {
  if (only !== undefined) {
    const egg = await api.call('getEgg', { params: { name: only } }, { signal });
    return [{ egg, status: await eggStatus(api, only, signal) }];
  }
  const all = await readAll((query) => api.call('listEggs', { query }, { signal }));
  const eggs = all.filter((egg) => egg.kind === 'egg' || egg.kind === 'bucket');
  const read = await mapLimit(eggs, { limit: atOnce, signal }, async (egg, inner) => {
    try {
      return [{ egg, status: await eggStatus(api, egg.name, inner) }];
    } catch (error) {
      // It left the Nest and was forgotten since the list was made.
      if (isCoded(error, 'API_PROBLEM') && error.params['status'] === 404) return [];
      throw error;
    }
  });
  return read.flat();
}

function eggStatus(api: ApiClient, name: string, signal: AbortSignal): Promise<EggStatus> {
  return api.call('eggStatus', { params: { name } }, { signal });
}

function print(
  context: CliContext,
  view: {
    health: Health;
    eggs: readonly EggOverview[];
    waiting: readonly {
      name: string;
      job_id: number;
      server: string;
      queued_at: string;
      reason?: string | undefined;
      egg_name?: string | undefined;
    }[];
  },
): void {
  const { output, clock } = context;
  const table = { style: output.dataStyle, columns: output.stdout.columns };
  output.data(nestLine(view.health, clock.now()));
  output.data('');
  if (view.eggs.length === 0) {
    output.data('no Eggs yet: gosling add egg NAME writes one; commit and push it');
  } else {
    const rows = view.eggs.map(({ egg, status }) => [
      egg.name,
      stateOf({ egg, status }),
      `${status.capacity.now}${status.capacity.starting > 0 ? `+${status.capacity.starting}` : ''}/${status.capacity.max}`,
      String(status.active_runners.filter((runner) => runner.jobs.length > 0).length),
      String(status.waiting_jobs),
      status.latest_plan === null ? '-' : `${status.latest_plan.kind} ${status.latest_plan.status}`,
      egg.git_commit.slice(0, 8),
    ]);
    output.data(
      renderTable(['EGG', 'STATE', 'RUNNERS', 'BUSY', 'WAITING', 'LATEST PLAN', 'COMMIT'], rows, table),
    );
  }
  if (view.waiting.length > 0) {
    const rows = view.waiting.map((job) => [
      `${job.name} #${job.job_id}`,
      job.egg_name ?? '-',
      ago(job.queued_at, clock.now()),
      job.reason ?? '-',
    ]);
    output.data(`\n${renderTable(['WAITING JOB', 'EGG', 'SINCE', 'REASON'], rows, table)}`);
  }
  printPins(context, view.eggs);
  printProblems(context, view);
}

/** Whose machines are not those of the Nest, since when and by whom. */
function printPins({ output, clock }: CliContext, eggs: readonly EggOverview[]): void {
  const lines = eggs.flatMap(({ egg, status: { pinned } }) => {
    if (pinned === undefined) return [];
    const since = ago(pinned.at, clock.now());
    const how = `gosling rollback --egg ${egg.name} --unpin lifts it`;
    return [`${egg.name} is pinned: ${cleanLine(pinned.why)} (${since}); ${how}`];
  });
  if (lines.length > 0) output.data(`\n${lines.join('\n')}`);
}

function printProblems({ output }: CliContext, view: { health: Health; eggs: readonly EggOverview[] }): void {
  const mark = output.dataStyle('red', '✗');
  const lines = [
    ...(view.health.problems ?? []).map(({ code, detail }) => `${mark} ${cleanLine(detail)} [${code}]`),
    ...view.health.dependencies
      .filter((dependency) => !dependency.ok)
      .map(({ name, detail }) => `${mark} ${name} does not work${detail ? `: ${cleanLine(detail)}` : ''}`),
    ...view.eggs.flatMap((each) =>
      problemsOf(each).map((problem) => `${mark} ${each.egg.name}: ${cleanLine(problem)}`),
    ),
  ];
  if (lines.length > 0) output.data(`\n${lines.join('\n')}`);
}

function stateOf(each: EggOverview): string {
  if (brokenFile(each.egg) !== undefined) return 'broken';
  if (each.status.frozen !== undefined) return 'frozen';
  if (each.status.pinned !== undefined) return 'pinned';
  if (each.status.deployment?.state === 'running') return 'deploying';
  return each.egg.status;
}

function nestLine({ nest, version }: Health, now: number): string {
  if (nest === undefined) return `MotherGoose ${version}`;
  const mode = nest.mode === 'poll' ? 'poll mode (no public URL: GitLab is asked)' : 'webhooks';
  if (nest.commit === undefined) return `MotherGoose ${version}, ${mode}; the Nest was never synced`;
  const result = nest.status === undefined ? '' : ` (${nest.status})`;
  return `MotherGoose ${version}, ${mode}; Nest at ${nest.commit.slice(0, 8)}, synced ${ago(nest.synced_at, now)}${result}`;
}
