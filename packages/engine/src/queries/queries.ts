import { readContent } from '@polar-gosling/ports/blobs';
import type { AuditRow, CallOptions, Page, PlanRow, RunRow } from '@polar-gosling/ports/store';
import { unpackBundle } from '@polar-gosling/ports/tofu';
import type { z } from 'zod';
import type { Caller } from '../api/caller.ts';
import type { PageRequest, Queries } from '../api/queries.ts';
import { sees } from '../commands/sees.ts';
import type { InternalDeps } from '../deps.ts';
import { isLongLived } from '../long-lived/sets.ts';
import { getRow, listPage, type TypedTable } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { readEggStatus } from './egg-status.ts';
import { health } from './health.ts';
import { listRunners } from './list-runners.ts';
import { listCiJobs, listEggs, readEgg, readRunner } from './lists.ts';
import { why } from './why.ts';

/** Everything that reads, for the API. */
export function createQueries(deps: InternalDeps): Queries {
  return {
    eggs: (caller, page, options) => listEggs(deps, { caller, page }, options),
    egg: (caller, name, options) => readEgg(deps, { caller, name }, options),
    eggStatus: (caller, name, options) => readEggStatus(deps, { caller, name }, options),
    plans: (caller, at, options) => plans(deps, { caller, ...at }, options),
    plan: (caller, at, options) => readPlan(deps, { caller, ...at }, options),
    planBundle: async (caller, at, options) => {
      const ref = (await readPlan(deps, { caller, ...at }, options))?.bundle_ref;
      const bytes = ref === undefined ? undefined : await readContent(deps.blobs, ref, options);
      return bytes && unpackBundle(bytes);
    },
    runners: (caller, filter, options) => listRunners(deps, { caller, filter }, options),
    runner: (caller, id, options) => readRunner(deps, { caller, id }, options),
    ciJobs: (caller, filter, options) => listCiJobs(deps, { caller, filter }, options),
    selfJobs: (_caller, page, options) => pageOf(deps, { ...typed.selfJobs, query: {}, page }, options),
    why: (caller, request, options) => why(deps, { caller, request }, options),
    audit: (caller, filter, options) => audit(deps, { caller, filter }, options),
    syncs: (_caller, page, options) =>
      pageOf(deps, { ...typed.syncs, query: { partition: 'nest', order: 'desc' }, page }, options),
    runs: (caller, at, options) => runs(deps, { caller, ...at }, options),
    run: (caller, id, options) => readRun(deps, { caller, id }, options),
    runLog: (caller, id, options) => runLog(deps, { caller, id }, options),
    health: (options) => health(deps, options),
    isReadOnly: () => deps.store.readOnly() !== undefined,
  };
}

async function pageOf<Schema extends z.ZodType>(
  deps: InternalDeps,
  at: TypedTable<Schema> & { query: Parameters<typeof listPage>[1]['query']; page: PageRequest },
  options: CallOptions,
) {
  const { cursor, limit } = at.page;
  const query = { ...at.query, limit, ...(cursor === undefined ? {} : { cursor }) };
  return listPage(deps.store, { table: at.table, schema: at.schema, query }, options);
}

/** Today's audit rows, or all of one resource. Of a page, a limited caller sees what speaks of its Eggs. */
async function audit(
  deps: InternalDeps,
  at: { caller: Caller; filter: PageRequest & { readonly resource?: string } },
  options: CallOptions,
): Promise<Page<AuditRow>> {
  const { caller, filter } = at;
  const query =
    filter.resource === undefined
      ? { partition: new Date(deps.clock.now()).toISOString().slice(0, 10), order: 'desc' as const }
      : { index: 'resource_id', partition: filter.resource, order: 'desc' as const };
  const page = await pageOf(deps, { ...typed.audit, query, page: filter }, options);
  if (caller.eggs === undefined) return page;
  return { ...page, items: page.items.filter((row) => sees(caller, eggOf(row))) };
}

function eggOf(row: AuditRow): string {
  const details: { readonly egg?: unknown } = row.details;
  return row.resource_type === 'egg' ? row.resource_id : String(details.egg ?? '');
}

async function plans(
  deps: InternalDeps,
  at: PageRequest & { caller: Caller; egg: string },
  options: CallOptions,
): Promise<Page<PlanRow> | undefined> {
  const isThere = isLongLived(at.egg)
    ? sees(at.caller, at.egg)
    : (await readEgg(deps, { caller: at.caller, name: at.egg }, options)) !== undefined;
  if (!isThere) return undefined;
  const query = { index: 'egg_name', partition: at.egg, order: 'desc' } as const;
  return pageOf(deps, { ...typed.plans, query, page: at }, options);
}

async function readPlan(
  deps: InternalDeps,
  at: { caller: Caller; egg: string; id: string },
  options: CallOptions,
): Promise<PlanRow | undefined> {
  if (!sees(at.caller, at.egg)) return undefined;
  const row = await getRow(deps.store, { ...typed.plans, key: { partition: at.id } }, options);
  return row?.egg_name === at.egg ? row : undefined;
}

async function runs(
  deps: InternalDeps,
  at: PageRequest & { caller: Caller; egg: string },
  options: CallOptions,
): Promise<Page<RunRow>> {
  if (!sees(at.caller, at.egg)) return { items: [] };
  const query = { index: 'egg_name', partition: at.egg, order: 'desc' } as const;
  return pageOf(deps, { ...typed.runs, query, page: at }, options);
}

async function readRun(
  deps: InternalDeps,
  at: { caller: Caller; id: string },
  options: CallOptions,
): Promise<RunRow | undefined> {
  const run = await getRow(deps.store, { ...typed.runs, key: { partition: at.id } }, options);
  return run !== undefined && sees(at.caller, run.egg_name) ? run : undefined;
}

async function runLog(
  deps: InternalDeps,
  at: { caller: Caller; id: string },
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  const run = await readRun(deps, at, options);
  return run && deps.blobs.read(`runs/${run.id}/log.jsonl`, options);
}
