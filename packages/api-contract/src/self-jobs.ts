import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { listOf, PageQuery, Time } from './wire.ts';

/** A self-management job of `Jobs/`. */
export const SelfJob = z.object({
  name: z.string(),
  schedule: z.string(),
  git_commit: z.string(),
  status: z.string().optional(),
  last_run: Time.optional(),
  next_run: Time.optional(),
  synced_at: Time.optional(),
});
export type SelfJob = z.infer<typeof SelfJob>;

export const SelfJobList = listOf(SelfJob);

export const selfJobRoutes = {
  listSelfJobs: {
    method: 'GET',
    path: '/jobs',
    summary: 'Self-management jobs',
    auth: 'api',
    wholeInstallation: true,
    query: PageQuery,
    success: { status: 200, schema: SelfJobList },
  },
} as const satisfies RouteTable;
