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
} as const satisfies RouteTable;
