import { z } from 'zod';
import type { RouteTable } from './route.ts';

const CacheKind = z.enum(['providers', 'modules']);

export const ClearedCache = z.object({
  kind: CacheKind,
  /** How many packages and lock files it was; what hosts keep of it goes with their next run. */
  removed: z.int(),
});
export type ClearedCache = z.infer<typeof ClearedCache>;

export const cacheRoutes = {
  clearCache: {
    method: 'DELETE',
    path: '/caches/{kind}',
    summary: "Throw away what is kept of OpenTofu's providers, or of prepared modules",
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    params: z.strictObject({ kind: CacheKind }),
    success: { status: 200, schema: ClearedCache },
  },
} as const satisfies RouteTable;
