import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { Key, listOf, pageQuery, Time } from './wire.ts';

/** One OpenTofu run. */
export const RunParams = z.strictObject({ id: Key });

/** One line of what OpenTofu tells while it works. `number` counts the lines of a run from 1. */
export const RunLine = z.object({
  number: z.int(),
  at: Time,
  kind: z.enum(['stage', 'resource', 'diagnostic']),
  message: z.string(),
  address: z.string().optional(),
  severity: z.enum(['error', 'warning']).optional(),
});
export type RunLine = z.infer<typeof RunLine>;

const runFields = {
  id: z.string(),
  egg_name: z.string(),
  shard: z.int(),
  /** `settled`: over. */
  state: z.enum(['planning', 'planned', 'applying', 'applied', 'failed', 'unknown', 'settled']),
  plan_id: z.string().nullable(),
  started_at: Time,
  problem: z.object({ code: z.string(), detail: z.string() }).optional(),
};
export const RunSummary = z.object(runFields);
export type RunSummary = z.infer<typeof RunSummary>;

export const Run = z.object({
  ...runFields,
  /** The last lines, oldest first; a second old at most. */
  progress: z.array(RunLine),
});
export type Run = z.infer<typeof Run>;

export const RunList = listOf(RunSummary);

/** What a stream of server-sent events carries, as JSON, in events named `run`. */
export const RunEvent = z.object({
  run_id: z.string(),
  egg_name: z.string(),
  shard: z.int(),
  state: z.string().optional(),
  line: RunLine.optional(),
});
export type RunEvent = z.infer<typeof RunEvent>;

export const runRoutes = {
  listRuns: {
    method: 'GET',
    path: '/runs',
    summary: 'OpenTofu runs of an Egg, newest first',
    auth: 'api',
    query: z.strictObject({ ...pageQuery, egg: Key }),
    success: { status: 200, schema: RunList },
  },
  getRun: {
    method: 'GET',
    path: '/runs/{id}',
    summary: 'One OpenTofu run, with what it tells while it goes on',
    auth: 'api',
    params: RunParams,
    success: { status: 200, schema: Run },
    errors: [404],
  },
  runLog: {
    method: 'GET',
    path: '/runs/{id}/log',
    summary: 'What OpenTofu said in one run',
    auth: 'api',
    params: RunParams,
    success: { status: 200, mediaType: 'text/plain; charset=utf-8' },
    errors: [404],
  },
  watchEvents: {
    method: 'GET',
    path: '/events',
    summary: 'What happens in runs as it happens (server-sent events); ends after a while: connect again',
    auth: 'api',
    query: z.strictObject({ egg: Key.optional(), seconds: z.int().min(1).max(3_600).optional() }),
    success: { status: 200, mediaType: 'text/event-stream' },
  },
} as const satisfies RouteTable;
