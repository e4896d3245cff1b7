import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { EggParams, Key, Time } from './wire.ts';

export const RollbackRequest = z
  .strictObject({
    /** A deployment, a plan or a commit; absent or `-1`: the deployment before. */
    to: Key.optional(),
    /** Lifts the pin instead. */
    unpin: z.boolean().default(false),
    /** Says what would be done, and changes nothing. */
    dry_run: z.boolean().default(false),
  })
  .refine(({ to, unpin }) => !(unpin && to !== undefined), { error: 'to and unpin exclude each other' });
export type RollbackRequest = z.infer<typeof RollbackRequest>;

/** One value that differs; references of secrets are masked. */
export const ConfigChange = z.object({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  /** It shapes machines: runners are replaced for it. */
  machine: z.boolean(),
});
export type ConfigChange = z.infer<typeof ConfigChange>;

/** Runners by id, and what becomes of them. */
export const Replacement = z.object({
  kept: z.array(z.string()),
  /** Without a job: drained and made anew, a share at a time. */
  replaced: z.array(z.string()),
  /** With a job, which they finish first. */
  drained: z.array(z.string()),
  /** On their way out anyhow. */
  leaving: z.array(z.string()),
});
export type Replacement = z.infer<typeof Replacement>;

const Machines = z.object({ machine_hash: z.string(), git_commit: z.string() });

export const Rollback = z.object({
  egg_name: z.string(),
  /** `unpin`: the machines of the Nest come into force again. */
  action: z.enum(['pin', 'unpin']),
  dry_run: z.boolean(),
  before: Machines,
  after: Machines,
  deployment: z.object({ id: z.string(), state: z.string() }).optional(),
  changes: z.array(ConfigChange),
  runners: Replacement,
  /** Of a long-lived set alone: the plan that is armed for it and applied as it is; `null`: one is made. */
  plan: z
    .object({
      id: z.string(),
      created_at: Time,
      summary: z.object({ add: z.int(), change: z.int(), destroy: z.int() }),
    })
    .nullable()
    .optional(),
});
export type Rollback = z.infer<typeof Rollback>;

export const rollbackRoutes = {
  rollbackEgg: {
    method: 'POST',
    path: '/eggs/{name}/rollback',
    summary: 'Pin the machines of an earlier deployment, or lift the pin',
    auth: 'api',
    role: 'write',
    params: EggParams,
    body: RollbackRequest,
    success: { status: 200, schema: Rollback },
    errors: [404, 409],
  },
} as const satisfies RouteTable;
