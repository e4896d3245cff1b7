import type { Clock } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';
import { readRow } from '../store/read-row.ts';
import { OutboxRow } from '../store/rows.ts';
import type { Store, Unit } from '../store/store.ts';
import { readMessage } from './message.ts';
import { queueName } from './outbox-write.ts';
import type { DeadLetter, QueueMessage, QueueOperations } from './queue.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  wake(): void;
}

const unreadable: QueueMessage = { v: 1, kind: 'notify', key: '', trace: '' };

export const deadLetters = { table: 'outbox', index: 'queue', partition: queueName } as const;

/** Dead letters are rows of the outbox with `buried_at`, whatever carries the living ones. */
export function createDeadLetters(deps: Deps): Pick<QueueOperations, 'buried' | 'redrive' | 'purge'> {
  return {
    async buried({ limit, cursor }, options) {
      const page = await deps.store.list(
        { ...deadLetters, order: 'desc', limit, ...(cursor === undefined ? {} : { cursor }) },
        options,
      );
      const items = page.items.map((item) => deadLetter(readRow(OutboxRow, 'outbox', item)));
      return { items, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
    },
    async redrive(id, options) {
      const row = await readBuried(deps.store, id, options);
      if (row === undefined) return 'missing';
      const set = {
        unsent: queueName,
        visible_at: deps.clock.now(),
        receives: 0,
        answered: undefined,
        failures: undefined,
        buried_at: undefined,
        reason: undefined,
      };
      const when = { kind: 'version', version: row.version } as const;
      const key = { table: 'outbox', partition: id } as const;
      const unit: Unit = [{ kind: 'update', key, set, when }, ...(options.also ?? [])];
      const result = await deps.store.commit(unit, options);
      deps.wake();
      return result.kind === 'ok' ? 'ok' : 'missing';
    },
    async purge(id, options) {
      const row = await readBuried(deps.store, id, options);
      if (row === undefined) return 'missing';
      const when = { kind: 'version', version: row.version } as const;
      const key = { table: 'outbox', partition: id } as const;
      const unit: Unit = [{ kind: 'delete', key, when }, ...(options.also ?? [])];
      const result = await deps.store.commit(unit, options);
      return result.kind === 'ok' ? 'ok' : 'missing';
    },
  };
}

function deadLetter(row: OutboxRow): DeadLetter {
  return {
    id: row.id,
    message: readMessage(row.message) ?? unreadable,
    reason: row.reason ?? '',
    buriedAt: row.buried_at ?? 0,
    receives: row.receives,
  };
}

async function readBuried(store: Store, id: string, options: CallOptions): Promise<OutboxRow | undefined> {
  const [stored] = await store.get([{ table: 'outbox', partition: id }], options);
  if (stored?.['buried_at'] === undefined) return undefined;
  return readRow(OutboxRow, 'outbox', stored);
}
