import type { Diagnostic } from '@polar-gosling/nest';
import { type CallOptions, maxUnitWrites, type Row, type Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { commitUnderLease, type Lease } from '../leases/lease.ts';
import type { NestChange } from './compare.ts';

const diagnosticsKept = 50;
const rowsKept = 1_000;

export interface SyncRecord {
  readonly lease: Lease;
  readonly commit: string;
  readonly status: 'success' | 'partial' | 'failed' | 'held';
  readonly unchanged?: boolean;
  readonly error?: string;
  readonly change?: NestChange;
  readonly diagnostics?: readonly Diagnostic[];
}

/** The line of `sync_history`: what a sync saw and did. */
export async function recordSync(
  deps: InternalDeps,
  record: SyncRecord,
  options: CallOptions,
): Promise<void> {
  const { change, lease } = record;
  const changes = {
    unchanged: record.unchanged ?? false,
    new: change?.eggs.filter((egg) => egg.change === 'new').map(({ config }) => config.name) ?? [],
    changed: change?.eggs.filter((egg) => egg.change === 'changed').map(({ config }) => config.name) ?? [],
    invalid: change?.invalid.map(({ row }) => row.name) ?? [],
    removed: change?.removed ?? [],
    bad_files: change?.badFiles ?? [],
    diagnostics: (record.diagnostics ?? []).slice(0, diagnosticsKept).map(toStored),
  };
  const row: Row = {
    nest: 'nest',
    id: deps.ids.next(),
    git_commit: record.commit,
    synced_at: deps.clock.now(),
    changes_detected: JSON.parse(JSON.stringify(changes)),
    status: record.status,
    error_message: record.error,
  };
  const unit: Write[] = [{ kind: 'put', table: 'sync_history', row, when: { kind: 'absent' } }];
  await commitUnderLease(deps, { lease, unit, what: 'the history of syncs' }, options);
  await dropOldest(deps, lease, options);
  const fields = { commit: record.commit, status: undefined, state: record.status, reason: record.error };
  if (record.status === 'failed' || record.status === 'held')
    deps.log.error('a sync of the Nest did not go through', fields);
  else if (!record.unchanged) deps.log.info('the Nest was synced', fields);
}

/** Each sync adds one row, so a few at a time are enough. */
async function dropOldest(deps: InternalDeps, lease: Lease, options: CallOptions): Promise<void> {
  const newest = { table: 'sync_history', partition: 'nest', order: 'desc' } as const;
  const { cursor } = await deps.store.list({ ...newest, limit: rowsKept }, options);
  if (cursor === undefined) return;
  const { items } = await deps.store.list({ ...newest, cursor, limit: maxUnitWrites - 1 }, options);
  const unit = items.map(({ nest, id }): Write => {
    const key = { table: 'sync_history', partition: String(nest), sort: String(id) } as const;
    return { kind: 'delete', key, when: { kind: 'any' } };
  });
  await commitUnderLease(deps, { lease, unit, what: 'the history of syncs' }, options);
}

function toStored(diagnostic: Diagnostic): object {
  const { code, severity, message, file, range } = diagnostic;
  return { code, severity, message, file, line: range.start.line, col: range.start.col };
}
