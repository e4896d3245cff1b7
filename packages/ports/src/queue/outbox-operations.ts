import type { Clock } from '@polar-gosling/kernel';
import type { OutboxRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { createDeadLetters, deadLetters } from './dead-letters.ts';
import { giveBackOne } from './give-back-all.ts';
import { queueName } from './outbox-write.ts';
import type { QueueOperations } from './queue.ts';
import { rowsOf } from './rows-of.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  wake(): void;
}

const unsent = { table: 'outbox', index: 'unsent', partition: queueName } as const;

/** The operator's view of the outbox. `stats` reads the whole queue: for metrics, not for a hot path. */
export function createOutboxOperations(deps: Deps): QueueOperations {
  return {
    async stats(options) {
      const nowMs = deps.clock.now();
      const counts = { ready: 0, leased: 0, delayed: 0, buried: 0, oldestAgeMs: 0 };
      for await (const row of rowsOf(deps.store, unsent, options)) {
        counts[stateOf(row, nowMs)]++;
        counts.oldestAgeMs = Math.max(counts.oldestAgeMs, nowMs - row.visible_at);
      }
      for await (const _ of rowsOf(deps.store, deadLetters, options)) counts.buried++;
      return counts;
    },
    async sendDue() {
      // What is committed is in the queue.
    },
    async giveBackAll(options) {
      const nowMs = deps.clock.now();
      for await (const row of rowsOf(deps.store, unsent, options)) {
        if (row.lease_token !== undefined) await giveBackOne({ store: deps.store, row, nowMs }, options);
      }
      deps.wake();
    },
    ...createDeadLetters(deps),
  };
}

function stateOf(row: OutboxRow, nowMs: number): 'ready' | 'leased' | 'delayed' {
  if (row.visible_at <= nowMs) return 'ready';
  return row.lease_token === undefined ? 'delayed' : 'leased';
}
