import type { TableName } from '@polar-gosling/ports/store';
import { keyOfRow } from '@polar-gosling/ports/store/adapter';
import { fromItem, type Item, toAttribute, toKey } from './attributes.ts';
import { indexLayouts, sortTexts } from './indexes.ts';
import type { TablesDeps } from './tables-deps.ts';
import { createTerms, equals } from './terms.ts';

/**
 * Gives rows of an earlier release the attributes that the indexes of this one sort by; answers how many lacked one.
 * Reads the table whole, once after its layout changed: the only such read of a table that may be big.
 */
export async function fillIndexes(deps: TablesDeps, table: TableName, signal: AbortSignal): Promise<number> {
  if (indexLayouts(table).every(({ parts }) => parts === undefined)) return 0;
  return deps.readingWhole(table, async () => {
    let lacking = 0;
    let start: Item | undefined;
    do {
      const from = start === undefined ? {} : { ExclusiveStartKey: start };
      const page = await deps.calls.read('filling an index', signal, (inner) =>
        deps.connection.scan({ TableName: deps.tableName(table), ConsistentRead: true, ...from }, inner),
      );
      for (const item of page.Items ?? []) lacking += await fillRow(deps, { table, item }, signal);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return lacking;
  });
}

/** A row that changed meanwhile counts as lacking: the next look tells. */
async function fillRow(
  deps: TablesDeps,
  { table, item }: { table: TableName; item: Item },
  signal: AbortSignal,
): Promise<number> {
  const row = fromItem(item);
  const texts = Object.entries(sortTexts(table, row)).filter(([name, text]) => item[name]?.S !== text);
  if (texts.length === 0) return 0;
  const terms = createTerms();
  const sets = texts.map(([name, text]) => `${terms.name(name)} = ${terms.value({ S: String(text) })}`);
  const ConditionExpression = equals(terms, 'version', toAttribute(row['version'] ?? 0));
  await deps.calls.once(signal, (inner) =>
    deps.connection.updateItem(
      {
        TableName: deps.tableName(table),
        Key: toKey(keyOfRow(table, row)),
        UpdateExpression: `SET ${sets.join(', ')}`,
        ConditionExpression,
        ...terms.parameters(),
      },
      inner,
    ),
  );
  return 1;
}
