import { z } from 'zod';

/**
 * What is known of the cache of providers: bytes lie in Blobs, what they must be stands here. By `kind`: a `package`
 * (one version for one platform), a `lock` (the lock file of one set of constraints), `cleared` (what was cleared by
 * hand, and how often).
 */
export const TofuCacheRow = z.object({
  version: z.number(),
  updated_at: z.number(),
  kind: z.enum(['package', 'lock', 'cleared']),
  /** package: `{source}#{release}#{platform}`; lock: hash of the constraints, module version and platform. */
  id: z.string(),
  source: z.string().optional(),
  release: z.string().optional(),
  platform: z.string().optional(),
  sha256: z.string().optional(),
  size_bytes: z.number().optional(),
  /** lock: until when somebody fetches what it will hold. */
  claimed_until: z.number().optional(),
  times: z.number().optional(),
});
export type TofuCacheRow = z.infer<typeof TofuCacheRow>;
