import type { Clock, IdSource } from '@polar-gosling/kernel';
import type { Write } from '../store/store.ts';
import type { MessageKind } from './queue.ts';

/** The one queue of this release; the column lets later ones have several. */
export const queueName = 'work';

/**
 * The write that sends a message in the same transaction as the change it tells of.
 * Due after `delayMs` (default 0).
 */
export function outboxWrite(
  message: { kind: MessageKind; key: string; trace: string; delayMs?: number },
  deps: { clock: Clock; ids: IdSource },
): Write {
  const now = deps.clock.now();
  return {
    kind: 'put',
    table: 'outbox',
    row: {
      id: deps.ids.next(),
      queue: queueName,
      message: { v: 1, kind: message.kind, key: message.key, trace: message.trace },
      merge_key: `${message.kind} ${message.key}`,
      unsent: queueName,
      visible_at: now + (message.delayMs ?? 0),
      receives: 0,
      sent_at: now,
    },
    when: { kind: 'absent' },
  };
}
