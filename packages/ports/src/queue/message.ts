import { z } from 'zod';
import type { QueueMessage } from './queue.ts';

/** A message as it lies in an outbox row; unknown fields of a newer release pass. */
const QueueMessageColumn = z.object({
  v: z.literal(1),
  kind: z.enum(['webhook', 'reconcile', 'bind', 'sweep', 'sync', 'prune', 'schedule', 'notify']),
  key: z.string(),
  trace: z.string(),
});

/** The message in a stored column; `undefined` when this release cannot read it. */
export function readMessage(column: unknown): QueueMessage | undefined {
  const parsed = QueueMessageColumn.safeParse(column);
  return parsed.success ? parsed.data : undefined;
}
