import type { CallOptions } from '../call.ts';
import type { Page, Row } from './store.ts';
import type { TableName } from './tables.ts';

/** What every engine of a store gives beside the port: for passes over all rows, which no index reaches surely. */
export interface StoredRows {
  /**
   * One page of all rows of a table, consistently, as they lie: sealed columns sealed, big ones in the blob store,
   * ended rows too. A row that is there from the first page to the last is given once at least. Reads a table that may
   * be big: not for the daily work. Safe to repeat.
   */
  storedPage(
    table: TableName,
    at: { readonly cursor?: string | undefined },
    options: CallOptions,
  ): Promise<Page<Row>>;
}
