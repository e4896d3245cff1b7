import type { CallOptions } from '../call.ts';
import { readRow } from '../store/read-row.ts';
import { OutboxRow } from '../store/rows.ts';
import type { RowKey, Store } from '../store/store.ts';
import { readMessage } from './message.ts';
import { queueName } from './outbox-write.ts';
import type { MessageKind, QueueMessage } from './queue.ts';

/** Due messages of one merge key: one to give out, the older ones it stands for. */
export interface DueGroup {
  readonly message: QueueMessage | undefined;
  readonly row: OutboxRow;
  readonly older: readonly OutboxRow[];
}

/** Enough for who wants some; where equal messages pile up, all that are in the way. */
const leastRows = 32;
const mostRows = 500;

/**
 * The lock of a merge key: a row beside the messages that ends with the lease. It makes "never two at once" a matter
 * of one key, so that no index has to be trusted.
 */
export function lockKey(mergeKey: string): RowKey {
  return { table: 'outbox', partition: `lock#${mergeKey}` };
}

/**
 * Groups of due messages in the order they became due, one page of rows after another. Pages are short, since most
 * receives need no more; a page with equal messages is read again as a long one, so that a storm is merged at once.
 */
export async function* readDue(
  query: { store: Store; nowMs: number; max: number; kinds: readonly MessageKind[] | undefined },
  options: CallOptions,
): AsyncGenerator<readonly DueGroup[]> {
  let cursor: string | undefined;
  let limit = Math.min(mostRows, Math.max(leastRows, 2 * query.max));
  for (;;) {
    const page = await query.store.list(
      {
        table: 'outbox',
        index: 'unsent',
        partition: queueName,
        to: query.nowMs,
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      },
      options,
    );
    const rows = page.items.map((row) => readRow(OutboxRow, 'outbox', row));
    const groups = groupByMergeKey(rows);
    const isStorm = groups.length < rows.length && limit < mostRows && page.cursor !== undefined;
    limit = mostRows;
    if (isStorm) continue;
    yield groups.filter(({ message }) => isWanted(message, query.kinds));
    cursor = page.cursor;
    if (cursor === undefined) return;
  }
}

function isWanted(message: QueueMessage | undefined, kinds: readonly MessageKind[] | undefined): boolean {
  return message === undefined || kinds === undefined || kinds.includes(message.kind);
}

function groupByMergeKey(rows: readonly OutboxRow[]): DueGroup[] {
  const groups = Map.groupBy(rows, (row) => row.merge_key ?? `row#${row.id}`);
  return [...groups.values()].flatMap((group) => {
    const [row, ...older] = group.toReversed();
    return row === undefined ? [] : [{ row, older, message: readMessage(row.message) }];
  });
}
