import { z } from 'zod';
import { Plan } from './plans.ts';
import type { RouteTable } from './route.ts';
import { Runner } from './runners.ts';
import { EggParams, listOf, PageQuery, Time } from './wire.ts';

/** Something a person should look at. */
export const ProblemNote = z.object({ code: z.string(), detail: z.string(), since: Time });

/** An Egg or bucket as it is in force; references of secrets are masked in `config`. */
export const Egg = z.object({
  name: z.string(),
  kind: z.enum(['egg', 'bucket', 'uf', 'mg', 'nest']),
  status: z.enum(['active', 'draining', 'invalid']),
  config: z.record(z.string(), z.unknown()),
  config_hash: z.string(),
  machine_hash: z.string(),
  git_commit: z.string(),
  source_file: z.string(),
  synced_at: Time,
  created_at: Time,
  gitlab_server: z.string().optional(),
  gitlab_project_id: z.int().optional(),
  gitlab_group_id: z.int().optional(),
  /** Why the newest version of its file is not in force. */
  problem: z.unknown().optional(),
});
export type Egg = z.infer<typeof Egg>;

export const EggList = listOf(Egg);

export const Capacity = z.object({ now: z.number(), starting: z.number(), max: z.number() });

export const EggStatus = z.object({
  egg_name: z.string(),
  latest_plan: Plan.nullable(),
  deployment_history: z.array(Plan),
  active_runners: z.array(Runner),
  config_hash: z.string(),
  machine_hash: z.string(),
  deployment: z.object({ id: z.string(), state: z.string(), started_at: Time }).nullable(),
  /** The machines of an earlier deployment, whatever the Nest says of machines. */
  pinned: z
    .object({ deployment_id: z.string(), git_commit: z.string(), by: z.string(), why: z.string(), at: Time })
    .optional(),
  /** How many CI jobs wait for it. */
  waiting_jobs: z.int(),
  capacity: Capacity,
  frozen: z.object({ by: z.string(), why: z.string(), at: Time }).optional(),
  problems: z.array(ProblemNote),
});
export type EggStatus = z.infer<typeof EggStatus>;

export const eggRoutes = {
  listEggs: {
    method: 'GET',
    path: '/eggs',
    summary: 'Eggs and buckets in force',
    auth: 'api',
    query: PageQuery,
    success: { status: 200, schema: EggList },
  },
  getEgg: {
    method: 'GET',
    path: '/eggs/{name}',
    summary: 'One Egg as it is in force',
    auth: 'api',
    params: EggParams,
    success: { status: 200, schema: Egg },
    errors: [404],
  },
  eggStatus: {
    method: 'GET',
    path: '/eggs/{name}/status',
    summary: 'How an Egg is doing',
    auth: 'api',
    params: EggParams,
    success: { status: 200, schema: EggStatus },
    errors: [404],
  },
} as const satisfies RouteTable;
