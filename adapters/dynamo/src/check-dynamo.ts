import { isCoded } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import { fromItem, toKey } from './attributes.ts';
import { newestMigration } from './create-tables.ts';
import { type DynamoAccess, openAccess } from './dynamo-store.ts';
import { failureOf } from './failures.ts';

/** One line of `gosling doctor`. */
export interface StoreCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix?: string;
}

const rowKey = { table: 'schema', partition: 'database' } as const;

/** Does the engine answer us, and which schema is there? Reads one row; makes no table and writes nothing. */
export async function checkDynamo(
  access: DynamoAccess,
  { signal }: CallOptions,
): Promise<readonly StoreCheck[]> {
  const { connection, calls, tableName } = openAccess(access);
  const place = access.endpoint ?? access.region;
  const reach = { name: 'reach', ok: true, detail: `${place} answers` };
  const dialect = { name: 'dialect', ok: true, detail: `each request is held to that of ${access.dialect}` };
  const read = { TableName: tableName(rowKey.table), Key: toKey(rowKey), ConsistentRead: true };
  try {
    const answer = await calls.read('check', signal, (inner) => connection.getItem(read, inner));
    const found = Number((answer.Item && fromItem(answer.Item))?.['migration'] ?? 0);
    return [reach, schemaCheck(found), dialect];
  } catch (error) {
    signal.throwIfAborted();
    const { name } = failureOf(error instanceof Error ? error.cause : error);
    if (name === 'ResourceNotFoundException') {
      const detail = `no tables that begin with ${access.prefix} yet; gosling up makes them`;
      return [reach, { name: 'schema', ok: true, detail }, dialect];
    }
    const detail = isCoded(error) ? `${error.message} (${name})` : name;
    const fix =
      'see GOSLING_STORE_ENDPOINT, GOSLING_STORE_REGION, the credentials and their rights to tables that begin with GOSLING_STORE_PREFIX';
    return [{ name: 'reach', ok: false, detail, fix }];
  } finally {
    connection.close();
  }
}

function schemaCheck(found: number): StoreCheck {
  const detail = `schema ${found}, this release writes ${newestMigration}`;
  if (found <= newestMigration) return { name: 'schema', ok: true, detail };
  return { name: 'schema', ok: false, detail, fix: 'run the newer release' };
}
