import type { CallOptions } from '../call.ts';
import type { OutboxRow } from '../store/rows.ts';
import type { Store, Write } from '../store/store.ts';
import { lockKey } from './due-messages.ts';
import { releaseLock } from './lease-message.ts';

/** Ends the lease of one message whose holder is known to be dead: due now, its merge key free. */
export async function giveBackOne(
  at: { store: Store; row: OutboxRow; nowMs: number },
  options: CallOptions,
): Promise<void> {
  const { store, row, nowMs } = at;
  const unit: Write[] = [
    {
      kind: 'update',
      key: { table: 'outbox', partition: row.id },
      set: { lease_token: undefined, visible_at: nowMs },
      when: { kind: 'version', version: row.version },
    },
  ];
  if (row.merge_key !== undefined) {
    const [lock] = await store.get([lockKey(row.merge_key)], options);
    const isItsOwn = lock?.['lease_token'] === row.lease_token;
    if (lock && isItsOwn) unit.push(...releaseLock({ key: row.merge_key, version: Number(lock['version']) }));
  }
  await store.commit(unit, options);
}
