import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { listOf, pageQuery, Time } from './wire.ts';

/** Who changed what, why, by which rule. */
export const AuditEntry = z.object({
  id: z.string(),
  timestamp: Time,
  actor: z.string(),
  action: z.string(),
  resource_type: z.string(),
  resource_id: z.string(),
  details: z.unknown(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditList = listOf(AuditEntry);
export const AuditQuery = z.strictObject({
  ...pageQuery,
  /** Id of one Egg, runner, … */
  resource: z.string().min(1).max(300).optional(),
});

export const auditRoutes = {
  listAudit: {
    method: 'GET',
    path: '/audit',
    summary: 'Who changed what, why, by which rule; newest first',
    auth: 'api',
    query: AuditQuery,
    success: { status: 200, schema: AuditList },
  },
} as const satisfies RouteTable;
