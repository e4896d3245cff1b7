import type { ApiToken, AuditEntry, SelfJob, Sync } from '@polar-gosling/api-contract';
import type { ApiTokenRow, AuditRow, SelfJobRow, SyncRow } from '@polar-gosling/ports/store';
import { toTime, toTimeIf } from './time.ts';

/** Its hash, by which it is stored, stays here. */
export function toWireToken(row: ApiTokenRow): ApiToken {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    eggs: row.eggs,
    created_at: toTime(row.created_at),
    expires_at: toTimeIf(row.expires_at),
    last_used_at: toTimeIf(row.last_used_at),
    revoked_at: toTimeIf(row.revoked_at),
  };
}

export function toWireAudit(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    timestamp: toTime(row.timestamp),
    actor: row.actor,
    action: row.action,
    resource_type: row.resource_type,
    resource_id: row.resource_id,
    details: row.details,
  };
}

export function toWireSync(row: SyncRow): Sync {
  return {
    id: row.id,
    nest: row.nest,
    git_commit: row.git_commit,
    synced_at: toTime(row.synced_at),
    status: row.status,
    changes_detected: row.changes_detected,
    error_message: row.error_message,
  };
}

export function toWireSelfJob(row: SelfJobRow): SelfJob {
  return {
    name: row.name,
    schedule: row.schedule,
    git_commit: row.git_commit,
    status: row.status,
    last_run: toTimeIf(row.last_run),
    next_run: toTimeIf(row.next_run),
    synced_at: toTimeIf(row.synced_at),
  };
}
