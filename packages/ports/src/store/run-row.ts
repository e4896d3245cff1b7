import { z } from 'zod';

/** One line of what OpenTofu tells while it works. */
export const ProgressLine = z.object({
  at: z.number(),
  kind: z.enum(['stage', 'resource', 'diagnostic']),
  message: z.string(),
  address: z.string().optional(),
  severity: z.enum(['error', 'warning']).optional(),
});
export type ProgressLine = z.infer<typeof ProgressLine>;

/** One OpenTofu run. */
export const RunRow = z.object({
  version: z.number(),
  updated_at: z.number(),
  id: z.string(),
  egg_name: z.string(),
  shard: z.number(),
  plan_id: z.string().optional(),
  purpose: z.string().optional(), // create, remove, adopt or look
  state: z.enum(['planning', 'planned', 'applying', 'applied', 'failed', 'unknown', 'settled']),
  host: z.string(),
  host_id: z.string().optional(), // rows of earlier releases have none
  boot_id: z.string(),
  pid: z.number().optional(),
  fence: z.number(),
  started_at: z.number(),
  hard_end_at: z.number(),
  log_ref: z.string().optional(),
  error: z.any().optional(),
  /** The last lines of `progress_count`. */
  progress: z.array(ProgressLine).optional(),
  progress_count: z.number().optional(),
});
export type RunRow = z.infer<typeof RunRow>;
