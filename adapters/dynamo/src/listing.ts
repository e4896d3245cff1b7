import { type Row, storeErrors } from '@polar-gosling/ports/store';
import { compareKeys, type ListPlan, tableSpec } from '@polar-gosling/ports/store/adapter';
import { attributeOf, type Item, toItem } from './attributes.ts';
import {
  attributeType,
  type IndexLayout,
  indexLayout,
  keyColumnsOf,
  sortBounds,
  sortText,
} from './indexes.ts';
import type { AttributeValue, QueryInput } from './sdk.ts';

/** A list as one query of the engine, and the place it starts from. */
export interface Listing {
  readonly query: QueryInput;
  readonly start: Item | undefined;
}

interface Place {
  readonly column: string;
  readonly value: string;
}

/** `undefined`: the bounds leave nothing, which the engine would refuse to look for. */
export function listingOf(plan: ListPlan, at: { tableName: string; where: Place }): Listing | undefined {
  const { from, to } = plan;
  if (from !== undefined && to !== undefined && compareKeys(from, to) > 0) return undefined;
  const index = plan.index === undefined ? undefined : indexLayout(plan.table, plan.index);
  const range = rangeOf(plan, index);
  const query: QueryInput = {
    TableName: at.tableName,
    ...(index === undefined ? { ConsistentRead: true } : { IndexName: index.name }),
    KeyConditionExpression: ['#p = :p', ...range.words].join(' AND '),
    ExpressionAttributeNames: { '#p': attributeOf(at.where.column), ...range.names },
    ExpressionAttributeValues: { ':p': { S: at.where.value }, ...range.values },
    ScanIndexForward: !plan.isDescending,
  };
  const start =
    plan.after === undefined || plan.after.length === 0 ? undefined : startOf(plan, index, at.where);
  return { query, start };
}

interface Range {
  readonly words: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

function rangeOf(plan: ListPlan, index: IndexLayout | undefined): Range {
  const { from, to } = plan;
  const [column = ''] = plan.order;
  const least = from === undefined ? undefined : boundOf(from, index, 'least');
  const most = to === undefined ? undefined : boundOf(to, index, 'most');
  if (least === undefined && most === undefined) return { words: [], names: {}, values: {} };
  const names = { '#s': index?.sort ?? attributeOf(column) };
  if (least !== undefined && most !== undefined) {
    return { words: ['#s BETWEEN :least AND :most'], names, values: { ':least': least, ':most': most } };
  }
  if (least !== undefined) return { words: ['#s >= :least'], names, values: { ':least': least } };
  return { words: ['#s <= :most'], names, values: most === undefined ? {} : { ':most': most } };
}

function boundOf(
  value: string | number,
  index: IndexLayout | undefined,
  side: 'least' | 'most',
): AttributeValue {
  if (index?.parts !== undefined) return { S: sortBounds(value)[side] };
  return typeof value === 'number' ? { N: String(value) } : { S: value };
}

/** The key of the last row given, as the engine wants it: it stands in the cursor, column by column. */
function startOf(plan: ListPlan, index: IndexLayout | undefined, where: Place): Item {
  const spec = tableSpec(plan.table);
  const after = plan.order.map((column, place): [string, string | number] => [
    column,
    plan.after?.[place] ?? '',
  ]);
  const row: Row = { ...Object.fromEntries(after), [where.column]: where.value };
  for (const column of keyColumnsOf(spec)) {
    const isRight = typeof row[column] === (attributeType(spec, column) === 'N' ? 'number' : 'string');
    if (!isRight) throw storeErrors.badCursor({});
  }
  const key = toItem(Object.fromEntries(keyColumnsOf(spec).map((column) => [column, row[column]])));
  if (index === undefined) return key;
  const sort = index.parts ? { [index.sort]: { S: sortText(index.parts.map((column) => row[column])) } } : {};
  return { ...key, ...toItem({ [index.partition]: row[index.partition] }), ...sort };
}
