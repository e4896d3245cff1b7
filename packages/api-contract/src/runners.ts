import { z } from 'zod';
import { accepted, type RouteTable } from './route.ts';
import { Key, listOf, pageQuery, Time } from './wire.ts';

export const RunnerState = z.enum([
  'requested',
  'provisioning',
  'booting',
  'idle',
  'active',
  'draining',
  'terminating',
  'terminated',
  'failed',
]);

export const RunnerPool = z.enum(['apex', 'nadir']);
export const Desired = z.enum(['run', 'park', 'drain', 'stop']);

/** A CI job that a runner's agent says it runs. */
export const RunningJob = z.object({
  server: z.string().max(300),
  project_id: z.int().min(0),
  job_id: z.int().min(0),
  since: Time,
});

/** One machine or container of ours. */
export const Runner = z.object({
  id: z.string(),
  egg_name: z.string(),
  type: z.enum(['vm', 'serverless']),
  state: RunnerState,
  pool: RunnerPool,
  cloud_provider: z.string(),
  region: z.string(),
  created_at: Time,
  last_heartbeat: Time.nullable(),
  jobs: z.array(RunningJob),
  deadline_at: Time.nullable(),
  /** Why it is as it is, in a sentence. */
  why: z.string(),
  desired: Desired,
  /** What its agent last said of itself. */
  reported_state: z.string().optional(),
  failure_count: z.int(),
  system_id: z.string(),
  config_hash: z.string(),
  machine_hash: z.string(),
});
export type Runner = z.infer<typeof Runner>;

export const RunnerList = listOf(Runner);

export const RunnerQuery = z.strictObject({
  ...pageQuery,
  egg: Key.optional(),
  state: RunnerState.optional(),
  pool: RunnerPool.optional(),
});

export const RunnerParams = z.strictObject({ id: Key });
export const RemoveRunnerQuery = z.strictObject({ force: z.boolean().optional() });

export const LaunchRequest = z.strictObject({
  egg_name: z.string().min(1).max(64),
  count: z.int().min(1).max(100).optional(),
});

export const runnerRoutes = {
  listRunners: {
    method: 'GET',
    path: '/runners',
    summary: 'Runners, newest first',
    auth: 'api',
    query: RunnerQuery,
    success: { status: 200, schema: RunnerList },
  },
  launchRunners: {
    method: 'POST',
    path: '/runners',
    summary: 'Launch runners of an Egg',
    auth: 'api',
    role: 'write',
    body: LaunchRequest,
    success: accepted,
    errors: [404, 409],
  },
  getRunner: {
    method: 'GET',
    path: '/runners/{id}',
    summary: 'One runner',
    auth: 'api',
    params: RunnerParams,
    success: { status: 200, schema: Runner },
    errors: [404],
  },
  removeRunner: {
    method: 'DELETE',
    path: '/runners/{id}',
    summary: 'Drain a runner, then remove it; `force` ends its jobs',
    auth: 'api',
    role: 'write',
    params: RunnerParams,
    query: RemoveRunnerQuery,
    success: accepted,
    errors: [404, 409],
  },
} as const satisfies RouteTable;
