import { toProblem } from '@polar-gosling/kernel';
import { type CallOptions, type EggStateRow, type SyncRow, storeErrors } from '@polar-gosling/ports/store';
import type { HealthView, Problem } from '../api/queries.ts';
import type { InternalDeps } from '../deps.ts';
import { readFailing } from '../long-lived/read-set.ts';
import { type LongLivedSet, longLivedSets } from '../long-lived/sets.ts';
import { getRow, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { type FailingRun, nextTryAt } from '../run/failing-runs.ts';
import { type NestProblem, readNestRow } from '../sync/write-nest.ts';
import { nestBinding } from '../webhooks/handle.ts';

const mostCounted = 100;

/** Live, and what it depends on. */
export async function health(deps: InternalDeps, options: CallOptions): Promise<HealthView> {
  const dependencies = await Promise.all([
    probe('store', async () => {
      await deps.store.get([{ table: 'egg_configs', partition: 'nest' }], options);
      const closed = deps.store.readOnly();
      if (closed !== undefined) throw storeErrors.readOnly({ reason: closed.reason });
      return 'answers';
    }),
    probe('queue', async () => {
      const { ready, buried } = await deps.queue.stats(options);
      return `${ready} ready, ${buried} put aside`;
    }),
    probe('opentofu', async () => {
      const tool = await deps.tofu.tool(options);
      return `${tool.product} ${tool.version} (${tool.source})`;
    }),
    ...localRunners(deps),
  ]);
  return { live: true, dependencies, ...(await nestHealth(deps, options)) };
}

function localRunners({ settings }: InternalDeps): HealthView['dependencies'][number][] {
  const { localRunners: detail } = settings;
  if (detail === undefined) return [];
  const refused = settings.refuseLocal('the servers of local Eggs');
  return [{ name: 'local runners', ok: refused === undefined, detail: refused ?? detail }];
}

async function probe(name: string, look: () => Promise<string>): Promise<HealthView['dependencies'][number]> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    return { name, ok: false, detail: toProblem(error).detail };
  }
}

async function nestHealth(
  deps: InternalDeps,
  options: CallOptions,
): Promise<Pick<HealthView, 'nest' | 'problems'>> {
  const mode = deps.settings.publicUrl === undefined ? 'poll' : 'webhook';
  const closed = storeProblems(deps);
  try {
    const nest = await readNestRow(deps, options);
    const query = { partition: 'nest', order: 'desc', limit: 1 } as const;
    const { items } = await listPage(deps.store, { ...typed.syncs, query }, options);
    const [last] = items;
    const state = await getRow(deps.store, { ...typed.eggState, key: { partition: nestBinding } }, options);
    return {
      problems: [
        ...closed,
        ...(await taskProblems(deps, options)),
        ...(last === undefined ? [] : syncProblems(last)),
        ...fileProblems(nest?.problems ?? []),
        ...notedProblems(state),
        ...(await setProblems(deps, options)),
      ],
      nest: {
        mode,
        ...(nest?.commit ? { commit: nest.commit } : {}),
        ...(last === undefined ? {} : { syncedAt: last.synced_at, status: last.status }),
      },
    };
  } catch {
    return { problems: closed, nest: { mode } };
  }
}

/** Nothing starts, ends or is acknowledged until it takes writes again. */
function storeProblems({ store }: InternalDeps): Problem[] {
  const closed = store.readOnly();
  if (closed === undefined) return [];
  const { code, message } = storeErrors.readOnly({ reason: closed.reason });
  return [{ code, detail: message, since: closed.since }];
}

/** Dead letters: nothing is done about them until a person looks. */
async function taskProblems(deps: InternalDeps, options: CallOptions): Promise<Problem[]> {
  const { items, cursor } = await deps.queue.buried({ limit: mostCounted }, options);
  const [newest] = items;
  if (newest === undefined) return [];
  const count = `${items.length}${cursor === undefined ? '' : ' or more'}`;
  const { kind, key } = newest.message;
  const detail = `${count} put aside, the last one is ${kind} ${key}: ${newest.reason}; see gosling tasks list`;
  return [{ code: 'TASKS_BURIED', detail, since: newest.buriedAt }];
}

/** What hinders the Nest's own webhook. */
function notedProblems(state: EggStateRow | undefined): Problem[] {
  const noted: Readonly<Record<string, Problem>> = state?.problems ?? {};
  return Object.values(noted).map(({ code, detail, since }) => ({ code, detail: `Nest: ${detail}`, since }));
}

/** Long-lived sets that are not as they shall be. */
async function setProblems(deps: InternalDeps, options: CallOptions): Promise<Problem[]> {
  const failing = await Promise.all(longLivedSets.map((set) => readFailing(deps, set, options)));
  return failing.flatMap((one, index) => (one === undefined ? [] : [setProblem(longLivedSets[index], one)]));
}

function setProblem(set: LongLivedSet | undefined, failing: FailingRun): Problem {
  const { code, detail, failures, since } = failing;
  const next = new Date(nextTryAt(failing)).toISOString();
  const told = `${set}: ${detail} (${failures} in a row); it is tried again at ${next}`;
  return { code, detail: told, since };
}

function syncProblems(last: SyncRow): Problem[] {
  const problems: Problem[] = [];
  const since = last.synced_at;
  if (last.status === 'failed')
    problems.push({ code: 'SYNC_FAILED', detail: last.error_message ?? '', since });
  if (last.status === 'held') {
    const detail = `${last.error_message ?? ''}; let it through with gosling sync --confirm ${last.git_commit}`;
    problems.push({ code: 'SYNC_HELD', detail, since });
  }
  return problems;
}

function fileProblems(problems: readonly NestProblem[]): Problem[] {
  return problems.map(({ code, file, line, message, since }) => ({
    code,
    detail: `${file}:${line}: ${message}`,
    since,
  }));
}
