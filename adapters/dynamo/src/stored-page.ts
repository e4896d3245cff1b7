import type { Page, Row, TableName } from '@polar-gosling/ports/store';
import { fromItem, type Item } from './attributes.ts';
import type { TablesDeps } from './tables-deps.ts';

type Deps = Pick<TablesDeps, 'connection' | 'calls' | 'tableName' | 'readingWhole'>;

/** One page of all rows of a table, in the engine's own order, read consistently. */
export async function storedPage(
  deps: Deps,
  at: { readonly table: TableName; readonly cursor?: string | undefined },
  signal: AbortSignal,
): Promise<Page<Row>> {
  const start: Item | undefined = at.cursor === undefined ? undefined : JSON.parse(at.cursor);
  const from = start === undefined ? {} : { ExclusiveStartKey: start };
  return deps.readingWhole(at.table, async () => {
    const page = await deps.calls.read('a pass over all rows', signal, (inner) =>
      deps.connection.scan({ TableName: deps.tableName(at.table), ConsistentRead: true, ...from }, inner),
    );
    const items = (page.Items ?? []).map(fromItem);
    const { LastEvaluatedKey: last } = page;
    return last === undefined ? { items } : { items, cursor: JSON.stringify(last) };
  });
}
