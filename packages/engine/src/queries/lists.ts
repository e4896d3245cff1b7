import type {
  CallOptions,
  CiJobRow,
  EggConfigRow,
  Page,
  RunnerAgentRow,
  RunnerRow,
} from '@polar-gosling/ports/store';
import type { Caller } from '../api/caller.ts';
import type { PageRequest, RunnerView } from '../api/queries.ts';
import { sees } from '../commands/sees.ts';
import type { InternalDeps } from '../deps.ts';
import { allInForce, readInForce } from '../rollback/in-force.ts';
import { getRow, getRows, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { readNestRow } from '../sync/write-nest.ts';

/** Eggs by name, as the sync knows them. */
export async function listEggs(
  deps: InternalDeps,
  at: { caller: Caller; page: PageRequest },
  options: CallOptions,
): Promise<Page<EggConfigRow>> {
  const nest = await readNestRow(deps, options);
  const names = (nest?.eggs ?? []).filter((name) => sees(at.caller, name));
  return sliced(names, at.page, async (some) => {
    const keys = some.map((partition) => ({ partition }));
    const rows = await getRows(deps.store, { ...typed.eggConfigs, keys }, options);
    return (await allInForce(deps, rows, options)).map(({ egg }) => egg);
  });
}

/** A page of names, its cursor the last name. */
async function sliced<Item>(
  names: readonly string[],
  page: PageRequest,
  read: (some: readonly string[]) => Promise<Item[]>,
): Promise<Page<Item>> {
  const { cursor } = page;
  const rest = cursor === undefined ? names : names.filter((name) => name > cursor);
  const some = rest.slice(0, page.limit);
  const items = await read(some);
  const last = some.at(-1);
  return rest.length > some.length && last !== undefined ? { items, cursor: last } : { items };
}

export async function readEgg(
  deps: InternalDeps,
  at: { caller: Caller; name: string },
  options: CallOptions,
): Promise<EggConfigRow | undefined> {
  if (!sees(at.caller, at.name)) return undefined;
  return (await readInForce(deps, at.name, options))?.egg;
}

export async function withAgents(
  deps: InternalDeps,
  rows: readonly RunnerRow[],
  options: CallOptions,
): Promise<RunnerView[]> {
  const keys = rows.map(({ id }) => ({ partition: id }));
  const agents = await getRows(deps.store, { ...typed.runnerAgents, keys }, options);
  const byId = new Map(agents.map((agent) => [agent.runner_id, agent]));
  return rows.map((row) => viewRunner(row, byId.get(row.id)));
}

function viewRunner(row: RunnerRow, agent: RunnerAgentRow | undefined): RunnerView {
  return { row, ...(agent === undefined ? {} : { agent }), why: whyOf(row, agent) };
}

function whyOf(row: RunnerRow, agent: RunnerAgentRow | undefined): string {
  if (row.unknown_since !== undefined) return 'its agent is silent: no capacity until it is heard again';
  switch (row.state) {
    case 'requested':
      return 'waits for its OpenTofu apply';
    case 'provisioning':
      return 'OpenTofu is making its machine';
    case 'booting':
      return agent?.boot_id === undefined ? 'its agent has not called yet' : 'its agent starts gitlab-runner';
    case 'idle':
      return row.desired === 'park' ? 'parked: warm, takes no jobs' : 'waits for a job';
    case 'active':
      return `runs ${agent?.current_jobs.length ?? 0} job(s)`;
    case 'draining':
      return 'finishes its jobs, takes no more';
    case 'terminating':
      return 'waits for the OpenTofu apply that removes it';
    case 'failed':
      return `failed: ${failure(agent)}`;
    case 'terminated':
      return 'gone';
  }
}

function failure(agent: RunnerAgentRow | undefined): string {
  const error: { code?: string; detail?: string } | undefined = agent?.error;
  return error === undefined
    ? 'it did not come to life in time'
    : `${error.code ?? ''} ${error.detail ?? ''}`.trim();
}

export async function readRunner(
  deps: InternalDeps,
  at: { caller: Caller; id: string },
  options: CallOptions,
): Promise<RunnerView | undefined> {
  const row = await getRow(deps.store, { ...typed.runners, key: { partition: at.id } }, options);
  if (row === undefined || !sees(at.caller, row.egg_name)) return undefined;
  const [view] = await withAgents(deps, [row], options);
  return view;
}

/** CI jobs that are open: of one Egg, or of all and of none. */
export async function listCiJobs(
  deps: InternalDeps,
  at: { caller: Caller; filter: PageRequest & { egg?: string; state?: 'waiting' } },
  options: CallOptions,
): Promise<Page<CiJobRow>> {
  const { caller, filter } = at;
  const nest = await readNestRow(deps, options);
  const everywhere = caller.eggs === undefined ? [...(nest?.eggs ?? []), '-'] : (nest?.eggs ?? []);
  const partitions = everywhere.filter((egg) => filter.egg === undefined || filter.egg === egg);
  const rows: CiJobRow[] = [];
  for (const partition of partitions.filter((egg) =>
    egg === '-' ? caller.eggs === undefined : sees(caller, egg),
  )) {
    const query = { index: 'open', partition, limit: 1000 };
    rows.push(...(await listPage(deps.store, { ...typed.ciJobs, query }, options)).items);
  }
  const wanted = rows
    .filter(({ status }) => filter.state === undefined || status === 'pending')
    .toSorted((a, b) => a.queued_at - b.queued_at || a.job_id - b.job_id);
  const from =
    filter.cursor === undefined ? 0 : wanted.findIndex((job) => cursorOf(job) === filter.cursor) + 1;
  const items = wanted.slice(from, from + filter.limit);
  const last = items.at(-1);
  return last !== undefined && from + items.length < wanted.length
    ? { items, cursor: cursorOf(last) }
    : { items };
}

function cursorOf(job: CiJobRow): string {
  return `${job.server_project}#${job.job_id}`;
}
