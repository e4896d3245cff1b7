import type { CallOptions, QueueMessage } from '@polar-gosling/ports/queue';
import { queueName } from '@polar-gosling/ports/queue';
import { lockKey } from '@polar-gosling/ports/queue/adapter';
import { type Row, type RowKey, readRow, type Store, type Write } from '@polar-gosling/ports/store';
import { z } from 'zod';

/**
 * What is known of one kind and key: who works on it until when, how often it was given out, whether to look again.
 * SQS itself can neither merge messages nor keep two of one key apart; this row does, by one conditional write.
 */
export const KeyRow = z.object({
  version: z.number(),
  lease_token: z.string().optional(),
  /** End of the lease. */
  visible_at: z.number(),
  receives: z.number(),
  answered: z.number(),
  failures: z.number().default(0),
  message: z.object({
    /** SQS's id of the message that will come again if its holder dies. */
    held: z.string(),
    /** The outbox row it came from. */
    row: z.string(),
    /** Something was sent under this key after it was given out. */
    again: z.boolean(),
  }),
});
export type KeyRow = z.infer<typeof KeyRow>;

/** Counts of a key that nobody finished are kept so long. */
const keptMs = 86_400_000;

export function keyOf(message: QueueMessage): RowKey {
  return lockKey(`${message.kind} ${message.key}`);
}

export async function readKeys(
  store: Store,
  keys: readonly RowKey[],
  options: CallOptions,
): Promise<readonly (KeyRow | undefined)[]> {
  const rows = await store.get(keys, options);
  return rows.map((row) => (row === undefined ? undefined : toKeyRow(row)));
}

/** A row that another kind of queue left under this key is no lease of ours: it is written over. */
function toKeyRow(row: Row): KeyRow {
  const parsed = KeyRow.safeParse(row);
  if (parsed.success) return parsed.data;
  const { version } = readRow(z.object({ version: z.number() }), 'outbox', row);
  const message = { held: '', row: '', again: false };
  return { version, visible_at: 0, receives: 0, answered: 0, failures: 0, message };
}

export function isHeld(row: KeyRow | undefined, nowMs: number): row is KeyRow {
  return row?.lease_token !== undefined && row.visible_at > nowMs;
}

/** Replaces the row as it was read; fails when somebody else wrote it meanwhile. */
export function writeKey(key: RowKey, before: KeyRow | undefined, after: Omit<KeyRow, 'version'>): Write {
  return {
    kind: 'put',
    table: 'outbox',
    row: { id: key.partition, queue: queueName, ...after, expires_at: after.visible_at + keptMs },
    when: before === undefined ? { kind: 'absent' } : { kind: 'version', version: before.version },
  };
}

export function removeKey(key: RowKey, before: KeyRow): Write {
  return { kind: 'delete', key, when: { kind: 'version', version: before.version } };
}
