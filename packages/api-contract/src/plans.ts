import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { EggParams, Key, listOf, PageQuery, Time } from './wire.ts';

/** One OpenTofu plan of an Egg. */
export const Plan = z.object({
  id: z.string(),
  egg_name: z.string(),
  plan_type: z.enum(['runner', 'rift']),
  kind: z.enum(['deploy', 'scale', 'rollback', 'destroy']),
  config_hash: z.string(),
  git_commit: z.string(),
  created_at: Time,
  applied_at: Time.nullable(),
  status: z.enum(['pending', 'applying', 'applied', 'failed', 'discarded', 'rolled_back']),
  rollback_plan_id: z.string().nullable(),
  summary: z.object({ add: z.int(), change: z.int(), destroy: z.int() }),
  metadata: z.record(z.string(), z.unknown()),
});
export type Plan = z.infer<typeof Plan>;

/** The files that OpenTofu was given for a plan, by path; one-time tokens are left out. */
export const Bundle = z.object({ files: z.record(z.string(), z.string()) });
export type Bundle = z.infer<typeof Bundle>;

export const PlanList = listOf(Plan);
export const PlanParams = z.strictObject({ name: Key, id: Key });

export const planRoutes = {
  listPlans: {
    method: 'GET',
    path: '/eggs/{name}/plans',
    summary: 'Plans of an Egg, newest first',
    auth: 'api',
    params: EggParams,
    query: PageQuery,
    success: { status: 200, schema: PlanList },
    errors: [404],
  },
  getPlan: {
    method: 'GET',
    path: '/eggs/{name}/plans/{id}',
    summary: 'One plan of an Egg',
    auth: 'api',
    params: PlanParams,
    success: { status: 200, schema: Plan },
    errors: [404],
  },
  getPlanBundle: {
    method: 'GET',
    path: '/eggs/{name}/plans/{id}/bundle',
    summary: 'The OpenTofu files that a plan was made of, without one-time tokens',
    auth: 'api',
    params: PlanParams,
    success: { status: 200, schema: Bundle },
    errors: [404],
  },
} as const satisfies RouteTable;
