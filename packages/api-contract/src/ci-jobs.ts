import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { Key, listOf, pageQuery, Time } from './wire.ts';

/** A GitLab CI job we saw. */
export const CiJob = z.object({
  server: z.string(),
  project_id: z.int(),
  job_id: z.int(),
  name: z.string(),
  status: z.string(),
  ref: z.string(),
  pipeline_id: z.int(),
  tags: z.array(z.string()).optional(),
  queued_at: Time,
  started_at: Time.optional(),
  finished_at: Time.optional(),
  /** Whose demand it is. */
  egg_name: z.string().optional(),
  /** Why it waits. */
  reason: z.string().optional(),
  runner_id: z.string().optional(),
  failure_reason: z.string().optional(),
});
export type CiJob = z.infer<typeof CiJob>;

export const CiJobList = listOf(CiJob);

export const CiJobQuery = z.strictObject({
  ...pageQuery,
  egg: Key.optional(),
  state: z.enum(['waiting']).optional(),
});

export const ciJobRoutes = {
  listCiJobs: {
    method: 'GET',
    path: '/ci-jobs',
    summary: 'CI jobs seen, with the reason for waiting',
    auth: 'api',
    query: CiJobQuery,
    success: { status: 200, schema: CiJobList },
  },
} as const satisfies RouteTable;
