import { z } from 'zod';

/** A version of OpenTofu or of the agent: one that is kept, or one that is being fetched or could not be. */
export const ToolVersionRow = z.object({
  version: z.number(),
  updated_at: z.number(),
  version_id: z.string(),
  /** The program's version; `version` is the row's own counter, as everywhere. */
  release: z.string(),
  source: z.enum(['github', 'other']),
  /** ISO; absent until it is here. */
  downloaded_at: z.string().optional(),
  sha256_hash: z.string().optional(),
  active: z.boolean(),
  /** `{os}_{arch}` */
  platform: z.string(),
  proved_by: z.enum(['signature', 'checksum']).optional(),
  /** When it was chosen last, for going back. */
  activated_at: z.number().optional(),
  /** Absent: it is here. */
  state: z.enum(['wanted', 'failed']).optional(),
  /** Where it comes from, while it is not here: `{repository?, url?, sha256?, auth?, use?}`. */
  request: z.any().optional(),
  /** How much of it came, while it is fetched; some seconds old. */
  progress: z.object({ received_bytes: z.number(), total_bytes: z.number().optional() }).optional(),
  problem: z.any().optional(),
});
export type ToolVersionRow = z.infer<typeof ToolVersionRow>;
