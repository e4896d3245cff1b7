import { sha256Hex, stableJson } from '@polar-gosling/kernel';
import { type TableName, tableSpec, tables } from '@polar-gosling/ports/store';
import { attributeOf, type TableNames } from './attributes.ts';
import type { Dialect } from './dialect-guard.ts';
import { attributeType, type IndexLayout, indexLayouts, keyColumnsOf } from './indexes.ts';
import type { GlobalSecondaryIndex, TableInput } from './sdk.ts';

export const tableNames = Object.keys(tables) as TableName[];

export interface Defining {
  readonly dialect: Dialect;
  readonly tableName: TableNames;
  /** DynamoDB only: nobody deletes the table by mistake. YDB has no such thing. */
  readonly isProtected: boolean;
}

/** What a table is made with; per engine, and nothing that one of them does not know. */
export function tableDefinition(table: TableName, defining: Defining): TableInput {
  const spec = tableSpec(table);
  const indexes = indexLayouts(table);
  const [partition = '', sort] = keyColumnsOf(spec);
  return {
    TableName: defining.tableName(table),
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema(partition, sort),
    AttributeDefinitions: attributeDefinitions(table),
    ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes.map(indexDefinition) } : {}),
    ...(defining.dialect === 'dynamodb' && defining.isProtected ? { DeletionProtectionEnabled: true } : {}),
  };
}

export function attributeDefinitions(table: TableName): NonNullable<TableInput['AttributeDefinitions']> {
  const spec = tableSpec(table);
  const types = new Map<string, 'S' | 'N'>();
  for (const column of keyColumnsOf(spec)) types.set(attributeOf(column), attributeType(spec, column));
  for (const index of indexLayouts(table)) {
    types.set(attributeOf(index.partition), 'S');
    types.set(index.sort, index.sortType);
  }
  return [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
}

export function indexDefinition(index: IndexLayout): GlobalSecondaryIndex {
  return {
    IndexName: index.name,
    KeySchema: keySchema(attributeOf(index.partition), index.sort),
    Projection: { ProjectionType: 'ALL' },
  };
}

/** Changes when a table or an index comes or changes: then the tables are looked at, else never. */
export function layoutHash(): string {
  const plain = { dialect: 'ydb', isProtected: false, tableName: (table: TableName) => table } as const;
  const all = tableNames.map((table) => JSON.stringify(tableDefinition(table, plain)));
  return sha256Hex(stableJson(all)).slice(0, 16);
}

function keySchema(partition: string, sort: string | undefined): NonNullable<TableInput['KeySchema']> {
  return [
    { AttributeName: partition, KeyType: 'HASH' },
    ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' } as const]),
  ];
}
