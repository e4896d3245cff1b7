import type { CallOptions } from '../call.ts';
import { readRow } from '../store/read-row.ts';
import { OutboxRow } from '../store/rows.ts';
import type { Store, StoreQuery } from '../store/store.ts';

const pageRows = 1_000;

/** All rows of one index of the outbox, page by page. */
export async function* rowsOf(
  store: Store,
  query: StoreQuery,
  options: CallOptions,
): AsyncGenerator<OutboxRow> {
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
