import type { CallOptions } from '../call.ts';
import type { OutboxRow } from '../store/rows.ts';
import { maxUnitWrites, type Store, type Unit, type Write } from '../store/store.ts';
import { type DueGroup, lockKey } from './due-messages.ts';
import { queueName } from './outbox-write.ts';

export interface LeaseTerms {
  readonly leaseToken: string;
  readonly nowMs: number;
  readonly endsAtMs: number;
}

/** Takes the group's message for this holder and removes the older ones; `false`: somebody else was first. */
export async function leaseGroup(
  lease: { store: Store; group: DueGroup; terms: LeaseTerms },
  options: CallOptions,
): Promise<boolean> {
  const { row, older } = lease.group;
  const unit: Write[] = [takeMessage(lease.group, lease.terms)];
  if (row.merge_key !== undefined) unit.push(takeLock(row.merge_key, lease.terms));
  const firstOlder = older.slice(0, maxUnitWrites - unit.length);
  const result = await lease.store.commit([...unit, ...firstOlder.map(removeMessage)], options);
  if (result.kind === 'conflict') return false;
  await removeAll(lease.store, older.slice(firstOlder.length), options);
  return true;
}

/** Merging must not hide a message that fails again and again: the count goes on from the worst of the group. */
export function receivesOf(group: DueGroup): number {
  return 1 + Math.max(group.row.receives, ...group.older.map(({ receives }) => receives));
}

/** As for `receivesOf`: the worst of the group. */
export function unansweredOf(group: DueGroup): number {
  return Math.max(...[group.row, ...group.older].map((row) => row.receives - (row.answered ?? 0)));
}

export function failuresOf(group: DueGroup): number {
  return Math.max(...[group.row, ...group.older].map((row) => row.failures ?? 0));
}

/** Removes messages that another of the same merge key stands for; one that was changed meanwhile stays. */
export async function removeAll(
  store: Store,
  rows: readonly OutboxRow[],
  options: CallOptions,
): Promise<void> {
  for (let first = 0; first < rows.length; first += maxUnitWrites) {
    await store.commit(rows.slice(first, first + maxUnitWrites).map(removeMessage), options);
  }
}

/** The writes that end a lease, whatever becomes of the message. */
export function releaseLock(lock: { key: string; version: number } | undefined): Unit {
  if (lock === undefined) return [];
  return [{ kind: 'delete', key: lockKey(lock.key), when: { kind: 'version', version: lock.version } }];
}

export function takeLock(mergeKey: string, terms: LeaseTerms, version?: number): Write {
  return {
    kind: 'put',
    table: 'outbox',
    row: {
      id: lockKey(mergeKey).partition,
      queue: queueName,
      lease_token: terms.leaseToken,
      // A row is gone when its end lies before now; the message is due again from its end on.
      expires_at: terms.endsAtMs - 1,
    },
    when: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
  };
}

function takeMessage(group: DueGroup, terms: LeaseTerms): Write {
  const { row } = group;
  return {
    kind: 'update',
    key: { table: 'outbox', partition: row.id },
    set: {
      lease_token: terms.leaseToken,
      visible_at: terms.endsAtMs,
      receives: receivesOf(group),
      answered: receivesOf(group) - 1 - unansweredOf(group),
      failures: failuresOf(group),
    },
    when: { kind: 'version', version: row.version },
  };
}

function removeMessage(row: OutboxRow): Write {
  return {
    kind: 'delete',
    key: { table: 'outbox', partition: row.id },
    when: { kind: 'version', version: row.version },
  };
}
