import { OutboxRow } from '@polar-gosling/ports/queue/adapter';
import type { Store, Unit } from '@polar-gosling/ports/store';

/**
 * The store, whose commits hand their outbox rows to the sender: "sent right after the commit" needs no index, which
 * may not have the row yet. A commit whose outcome is unknown hands nothing over; the tick finds its rows.
 */
export function createSendingStore(store: Store, offer: (rows: readonly OutboxRow[]) => void): Store {
  return {
    get: (keys, options) => store.get(keys, options),
    list: (query, options) => store.list(query, options),
    async commit(unit, options) {
      const result = await store.commit(unit, options);
      if (result.kind === 'ok') offer(outboxRowsOf(unit));
      return result;
    },
    readOnly: () => store.readOnly(),
    close: () => store.close(),
  };
}

/** Rows that are new, so that their version is known. */
function outboxRowsOf(unit: Unit): readonly OutboxRow[] {
  return unit.flatMap((write) => {
    if (write.kind !== 'put' || write.table !== 'outbox') return [];
    if (write.when.kind !== 'absent' || write.row['unsent'] === undefined) return [];
    const row = OutboxRow.safeParse({ ...write.row, version: 1, updated_at: 0 });
    return row.success ? [row.data] : [];
  });
}
