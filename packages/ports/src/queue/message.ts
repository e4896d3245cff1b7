import { z } from 'zod';
import type { MessageKind, QueueMessage } from './queue.ts';

/** Every kind, so that one that is added to the type cannot be forgotten here. */
const kinds: Readonly<Record<MessageKind, MessageKind>> = {
  webhook: 'webhook',
  reconcile: 'reconcile',
  run: 'run',
  bind: 'bind',
  sweep: 'sweep',
  sync: 'sync',
  prune: 'prune',
  schedule: 'schedule',
  install: 'install',
  collect: 'collect',
  notify: 'notify',
};

/** A message as it lies in an outbox row; unknown fields of a newer release pass. */
const QueueMessageColumn = z.object({
  v: z.literal(1),
  kind: z.enum(kinds),
  key: z.string(),
  trace: z.string(),
});

/** The message in a stored column; `undefined` when this release cannot read it. */
export function readMessage(column: unknown): QueueMessage | undefined {
  const parsed = QueueMessageColumn.safeParse(column);
  return parsed.success ? parsed.data : undefined;
}
