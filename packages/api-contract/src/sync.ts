import { z } from 'zod';
import { accepted, type RouteTable } from './route.ts';
import { Commit, listOf, PageQuery, Time } from './wire.ts';

/** `confirm`: lets a held commit through. */
export const SyncRequest = z.strictObject({ confirm: Commit.optional() });

/** One sync of the Nest. */
export const Sync = z.object({
  id: z.string(),
  nest: z.string(),
  git_commit: z.string(),
  synced_at: Time,
  status: z.enum(['success', 'partial', 'failed', 'held']),
  changes_detected: z.unknown().optional(),
  error_message: z.string().optional(),
});
export type Sync = z.infer<typeof Sync>;

export const SyncList = listOf(Sync);

export const syncRoutes = {
  requestSync: {
    method: 'POST',
    path: '/sync',
    summary: 'Sync the Nest now; `confirm` lets a held commit through',
    auth: 'api',
    role: 'write',
    wholeInstallation: true,
    body: SyncRequest,
    success: accepted,
    errors: [409],
  },
  listSyncs: {
    method: 'GET',
    path: '/sync',
    summary: 'Syncs of the Nest, newest first',
    auth: 'api',
    wholeInstallation: true,
    query: PageQuery,
    success: { status: 200, schema: SyncList },
  },
} as const satisfies RouteTable;
