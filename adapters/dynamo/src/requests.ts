import type { Condition, Row, RowKey, Write } from '@polar-gosling/ports/store';
import { keyColumns, keyOfWrite, rowBytes, tableSpec } from '@polar-gosling/ports/store/adapter';
import {
  attributeOf,
  type Item,
  type TableNames,
  toAttribute,
  toItem,
  toKey,
  ttlAttribute,
  ttlOf,
  txAttribute,
} from './attributes.ts';
import { indexLayouts, sortText, sortTexts } from './indexes.ts';
import type { AttributeValue, TransactWriteItem } from './sdk.ts';
import { conditionOf, createTerms, equals, livingOf, type Terms } from './terms.ts';

/** One write as the engine gets it. */
export interface ItemRequest {
  /** Its place in the unit. */
  readonly item: number;
  readonly key: RowKey;
  readonly action: TransactWriteItem;
  /** A condition that does not hold is the caller's conflict; else the row has to be looked at. */
  readonly isDecisive: boolean;
  /** What happens when it reaches the engine twice: the second is refused, changes nothing, or counts again. */
  readonly repeated: 'refused' | 'harmless' | 'counts';
}

export interface Making {
  readonly item: number;
  readonly nowMs: number;
  /** Marks the rows that this commit writes. */
  readonly tx: string;
  readonly tableName: TableNames;
}

/** Updates above this are checked against the row first: it might grow past what a row may have. */
const mostBlindBytes = 16 * 1024;

/**
 * The write in one request, without a look at its row: `nothing` when there is nothing to ask, `needs row` when the
 * engine's words do not suffice.
 */
export function requestOf(write: Write, making: Making): ItemRequest | 'nothing' | 'needs row' {
  switch (write.kind) {
    case 'check':
      return write.when.kind === 'any' ? 'nothing' : checkOf(write, making);
    case 'delete':
      return deleteOf(write, making);
    case 'put':
      return putOf({ ...write, key: keyOfWrite(write) }, making);
    case 'update':
      return updateOf(write, making);
  }
}

/** Writes the whole row where it is still as it was read (`undefined`: where there was nothing). */
export function replaceOf(row: Row, at: { key: RowKey; read: Row | undefined }, making: Making): ItemRequest {
  const terms = createTerms();
  const { read, key } = at;
  const condition =
    read === undefined
      ? `attribute_not_exists(${terms.name(attributeOf(tableSpec(key.table).partition))})`
      : ['version', 'updated_at']
          .map((column) => equals(terms, column, toAttribute(read[column] ?? 0)))
          .join(' AND ');
  return putRequest({ key, row, terms }, { condition, isDecisive: false }, making);
}

function putOf(write: { row: Row; key: RowKey; when: Condition }, making: Making): ItemRequest | 'needs row' {
  const { row, key, when } = write;
  if (when.kind === 'present' || when.kind === 'lease') return 'needs row';
  const terms = createTerms();
  // Rows put without a condition are new ones nearly always; where not, its version is looked at.
  const asked: Condition = when.kind === 'any' ? { kind: 'absent' } : when;
  const condition = conditionOf(terms, { key, when: asked, nowMs: making.nowMs });
  const version = when.kind === 'version' ? when.version + 1 : 1;
  const stamped = { ...row, version, updated_at: making.nowMs };
  return putRequest({ key, row: stamped, terms }, { condition, isDecisive: when.kind !== 'any' }, making);
}

function putRequest(
  put: { key: RowKey; row: Row; terms: Terms },
  asked: { condition: string | undefined; isDecisive: boolean },
  making: Making,
): ItemRequest {
  const { table } = put.key;
  const Put = {
    TableName: making.tableName(table),
    Item: itemOf(put.key, put.row, making.tx),
    ...(asked.condition === undefined ? {} : { ConditionExpression: asked.condition }),
    ...put.terms.parameters(),
  };
  return {
    item: making.item,
    key: put.key,
    action: { Put },
    isDecisive: asked.isDecisive,
    repeated: 'refused',
  };
}

function itemOf(key: RowKey, row: Row, tx: string): Item {
  const { expires } = tableSpec(key.table);
  const endsAt = expires === undefined ? undefined : row[expires];
  return {
    ...toItem(row),
    ...textAttributes(sortTexts(key.table, row)),
    [txAttribute]: { S: tx },
    ...(typeof endsAt === 'number' ? { [ttlAttribute]: ttlOf(endsAt) } : {}),
  };
}

function updateOf(write: Extract<Write, { kind: 'update' }>, making: Making): ItemRequest | 'needs row' {
  const { key, when } = write;
  const set = write.set ?? {};
  const add = write.add ?? {};
  if (isTooMuchForOneGo(write)) return 'needs row';
  if (when.kind === 'absent') {
    const columns = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
    return putOf({ row: { ...keyColumns(key), ...columns, ...add }, key, when }, making);
  }
  const terms = createTerms();
  const UpdateExpression = updateExpression(terms, { key, set, add }, making);
  const condition =
    when.kind === 'any'
      ? livingOf(terms, { key, nowMs: making.nowMs })
      : conditionOf(terms, { key, when, nowMs: making.nowMs });
  const Update = {
    TableName: making.tableName(key.table),
    Key: toKey(key),
    UpdateExpression,
    ...(condition === undefined ? {} : { ConditionExpression: condition }),
    ...terms.parameters(),
  };
  const repeated = when.kind === 'version' ? 'refused' : 'counts';
  return { item: making.item, key, action: { Update }, isDecisive: when.kind !== 'any', repeated };
}

/** Sums that are no integers, or of a column that the engine sorts by, and what may make the row too big. */
function isTooMuchForOneGo({ key, set, add }: Extract<Write, { kind: 'update' }>): boolean {
  const spec = tableSpec(key.table);
  const sorting = Object.values(spec.indexes).flatMap(({ partition, sort }) => [partition, sort]);
  const isPlainSum = Object.entries(add ?? {}).every(
    ([column, amount]) =>
      Number.isSafeInteger(amount) && !sorting.includes(column) && column !== spec.expires,
  );
  return !isPlainSum || (set !== undefined && rowBytes(set) > mostBlindBytes);
}

function updateExpression(
  terms: Terms,
  change: { key: RowKey; set: Row; add: Readonly<Record<string, number>> },
  making: Making,
): string {
  const sets: string[] = [];
  const removes: string[] = [];
  const put = (attribute: string, value: AttributeValue | undefined) => {
    if (value === undefined) removes.push(terms.name(attribute));
    else sets.push(`${terms.name(attribute)} = ${terms.value(value)}`);
  };
  for (const [column, value] of Object.entries(change.set)) {
    put(attributeOf(column), value === undefined ? undefined : toAttribute(value));
  }
  put('updated_at', { N: String(making.nowMs) });
  put(txAttribute, { S: making.tx });
  for (const [attribute, value] of derivedChanges(change, making.nowMs)) put(attribute, value);
  const adds = Object.entries({ version: 1, ...change.add }).map(
    ([column, amount]) => `${terms.name(attributeOf(column))} ${terms.value({ N: String(amount) })}`,
  );
  const removing = removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : '';
  return `SET ${sets.join(', ')}${removing} ADD ${adds.join(', ')}`;
}

/** What of the adapter's own follows from the changed columns. */
function derivedChanges(
  change: { key: RowKey; set: Row },
  nowMs: number,
): [string, AttributeValue | undefined][] {
  const spec = tableSpec(change.key.table);
  const row: Row = { ...keyColumns(change.key), ...change.set, updated_at: nowMs };
  const changes: [string, AttributeValue | undefined][] = [];
  if (spec.expires !== undefined && Object.hasOwn(change.set, spec.expires)) {
    const endsAt = row[spec.expires];
    changes.push([ttlAttribute, typeof endsAt === 'number' ? ttlOf(endsAt) : undefined]);
  }
  for (const { sort, parts, required } of indexLayouts(change.key.table)) {
    if (parts === undefined || (required !== undefined && !Object.hasOwn(row, required))) continue;
    const isIn = required === undefined || row[required] !== undefined;
    changes.push([sort, isIn ? { S: sortText(parts.map((column) => row[column])) } : undefined]);
  }
  return changes;
}

function deleteOf(write: Extract<Write, { kind: 'delete' }>, making: Making): ItemRequest {
  const { Delete, isHarmless } = keyedAction(write, making);
  return {
    item: making.item,
    key: write.key,
    action: { Delete },
    isDecisive: true,
    repeated: isHarmless ? 'harmless' : 'refused',
  };
}

function checkOf(write: Extract<Write, { kind: 'check' }>, making: Making): ItemRequest {
  const { Delete } = keyedAction(write, making);
  const ConditionCheck = { ...Delete, ConditionExpression: Delete.ConditionExpression ?? '' };
  return {
    item: making.item,
    key: write.key,
    action: { ConditionCheck },
    isDecisive: true,
    repeated: 'harmless',
  };
}

function keyedAction(write: { key: RowKey; when: Condition }, making: Making) {
  const terms = createTerms();
  const condition = conditionOf(terms, { ...write, nowMs: making.nowMs });
  const Delete = {
    TableName: making.tableName(write.key.table),
    Key: toKey(write.key),
    ...(condition === undefined ? {} : { ConditionExpression: condition, ...terms.parameters() }),
  };
  return { Delete, isHarmless: write.when.kind === 'any' || write.when.kind === 'absent' };
}

function textAttributes(texts: Row): Item {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { S: String(text) }]));
}
