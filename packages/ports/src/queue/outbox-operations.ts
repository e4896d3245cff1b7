import type { Clock } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';
import { readRow } from '../store/read-row.ts';
import { OutboxRow } from '../store/rows.ts';
import type { Store, StoreQuery } from '../store/store.ts';
import { giveBackOne } from './give-back-all.ts';
import { readMessage } from './message.ts';
import { queueName } from './outbox-write.ts';
import type { QueueMessage, QueueOperations } from './queue.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  wake(): void;
}

const unsent = { table: 'outbox', index: 'unsent', partition: queueName } as const;
const deadLetters = { table: 'outbox', index: 'queue', partition: queueName } as const;
const pageRows = 1_000;
const unreadable: QueueMessage = { v: 1, kind: 'notify', key: '', trace: '' };

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
    async giveBackAll(options) {
      const nowMs = deps.clock.now();
      for await (const row of rowsOf(deps.store, unsent, options)) {
        if (row.lease_token !== undefined) await giveBackOne({ store: deps.store, row, nowMs }, options);
      }
      deps.wake();
    },
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
      const result = await deps.store.commit(
        [
          {
            kind: 'update',
            key: { table: 'outbox', partition: id },
            set: {
              unsent: queueName,
              visible_at: deps.clock.now(),
              receives: 0,
              buried_at: undefined,
              reason: undefined,
            },
            when: { kind: 'version', version: row.version },
          },
        ],
        options,
      );
      deps.wake();
      return result.kind === 'ok' ? 'ok' : 'missing';
    },
    async purge(id, options) {
      const row = await readBuried(deps.store, id, options);
      if (row === undefined) return 'missing';
      const when = { kind: 'version', version: row.version } as const;
      const result = await deps.store.commit(
        [{ kind: 'delete', key: { table: 'outbox', partition: id }, when }],
        options,
      );
      return result.kind === 'ok' ? 'ok' : 'missing';
    },
  };
}

function stateOf(row: OutboxRow, nowMs: number): 'ready' | 'leased' | 'delayed' {
  if (row.visible_at <= nowMs) return 'ready';
  return row.lease_token === undefined ? 'delayed' : 'leased';
}

function deadLetter(row: OutboxRow) {
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

async function* rowsOf(store: Store, query: StoreQuery, options: CallOptions): AsyncGenerator<OutboxRow> {
  let cursor: string | undefined;
  do {
    const page = await store.list(
      { ...query, limit: pageRows, ...(cursor === undefined ? {} : { cursor }) },
      options,
    );
    for (const row of page.items) yield readRow(OutboxRow, 'outbox', row);
    cursor = page.cursor;
  } while (cursor !== undefined);
}
