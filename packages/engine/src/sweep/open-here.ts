import type { CallOptions, CiJobRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRows, listAll, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { member } from '../rows/writes.ts';
import { noteProblem } from '../run/problems.ts';

/** Open jobs that one sweep looks after, of each Egg and of those without one: many more than ever wait at once. */
const mostOpen = 10_000;
const pageSize = 500;
const lastText = '\uffff';

/**
 * The jobs of a project that are open here, however long ago they came: an Egg's by its members, those that no Egg
 * takes by the index. Above the bound the newest are left to the next sweep, and the project's Eggs say so.
 */
export async function openHere(
  deps: InternalDeps,
  project: string,
  options: CallOptions,
): Promise<readonly CiJobRow[]> {
  const bindings = await listAll(deps.store, { ...typed.bindings, query: { partition: project } }, options);
  const eggs = bindings.map(({ egg_name }) => egg_name);
  const jobs: CiJobRow[] = [];
  let isCut = false;
  for (const egg of eggs) {
    const found = await membersOf(deps, { egg, project }, options);
    isCut ||= found.isCut;
    jobs.push(...found.jobs);
  }
  const unmatched = await unmatchedOf(deps, project, options);
  isCut ||= unmatched.isCut;
  await report(deps, { eggs, project, isCut }, options);
  return [...jobs, ...unmatched.jobs];
}

interface Found {
  readonly jobs: readonly CiJobRow[];
  readonly isCut: boolean;
}

async function membersOf(
  deps: InternalDeps,
  at: { egg: string; project: string },
  options: CallOptions,
): Promise<Found> {
  const prefix = member.jobsOf(at.project);
  const query = { partition: at.egg, from: prefix, to: `${prefix}${lastText}` };
  const found = await listAll(deps.store, { ...typed.eggMembers, query, most: mostOpen + 1 }, options);
  const some = found.slice(0, mostOpen);
  const keys = some.map(({ item }) => ({ partition: at.project, sort: Number(item.slice(prefix.length)) }));
  return {
    jobs: await getRows(deps.store, { ...typed.ciJobs, keys }, options),
    isCut: found.length > some.length,
  };
}

/** The partition holds those of every project: it is read page by page, the oldest first. */
async function unmatchedOf(deps: InternalDeps, project: string, options: CallOptions): Promise<Found> {
  const jobs: CiJobRow[] = [];
  let looked = 0;
  let cursor: string | undefined;
  do {
    options.signal.throwIfAborted();
    const query = { index: 'open', partition: '-', limit: pageSize, ...(cursor && { cursor }) };
    const page = await listPage(deps.store, { ...typed.ciJobs, query }, options);
    jobs.push(...page.items.filter(({ server_project }) => server_project === project));
    looked += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined && looked < mostOpen);
  return { jobs, isCut: cursor !== undefined };
}

async function report(
  deps: InternalDeps,
  at: { eggs: readonly string[]; project: string; isCut: boolean },
  options: CallOptions,
): Promise<void> {
  const detail = `more than ${mostOpen} CI jobs are open: a sweep of ${at.project} looks after the oldest only`;
  const problem = at.isCut ? { code: 'SWEEP_CUT', detail } : undefined;
  if (at.isCut) deps.log.warn('a sweep looks after a part of the open jobs only', { key: at.project });
  for (const egg of at.eggs) {
    await noteProblem(deps, { egg, slot: `sweep ${at.project}`, problem }, options);
  }
}
