import type { Clock, IdSource, Logger, Secret } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import { type Sealer, type Store, type TableName, tableSpec } from '@polar-gosling/ports/store';
import {
  checkKey,
  checkUnit,
  createColumnCodec,
  createInFlight,
  createWriteGate,
  planList,
  type StoredRows,
} from '@polar-gosling/ports/store/adapter';
import type { TableNames } from './attributes.ts';
import { createCalls } from './calls.ts';
import { commitUnit } from './commit.ts';
import { createTables } from './create-tables.ts';
import type { Dialect } from './dialect-guard.ts';
import { dynamoErrors } from './errors.ts';
import { createReader } from './reader.ts';
import { connect } from './sdk.ts';
import { storedPage } from './stored-page.ts';
import { tableNames } from './table-definitions.ts';

export interface DynamoAccess {
  /** `dynamodb` (also DynamoDB Local), or `ydb`: the Document API of a serverless YDB database. */
  readonly dialect: Dialect;
  /** Absent: the region's; YDB always needs the one of its database. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** What the names of the tables begin with; several installations may share an account. */
  readonly prefix: string;
  /** Absent: what the environment, the container or the machine says. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** YDB: an IAM token in place of a static key. Asked before each request, so it answers from memory. */
  readonly iamToken?: ((signal: AbortSignal) => Promise<Secret>) | undefined;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in upper or lower case, as the host has them. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

export interface DynamoStoreOptions extends DynamoAccess {
  readonly sealer: Sealer;
  /** Where columns over 64 KB lie. */
  readonly blobs: Blobs;
  readonly signal: AbortSignal;
  /** DynamoDB refuses to delete its tables until somebody takes this back; default true. */
  readonly deletionProtection?: boolean | undefined;
  /** Only these tables are made; for tests. */
  readonly tables?: readonly TableName[] | undefined;
}

export type DynamoStore = Store & StoredRows;

/**
 * The store in DynamoDB, or in YDB through its Document API. Makes or updates its tables first: fails with
 * STORE_NOT_OPENED, STORE_UNAVAILABLE or STORE_NEWER_SCHEMA.
 */
export async function createDynamoStore(options: DynamoStoreOptions): Promise<DynamoStore> {
  const { clock, ids } = options;
  const access = openAccess(options);
  const { connection } = access;
  try {
    const isProtected = options.deletionProtection ?? true;
    await createTables({ ...options, ...access, isProtected }, options.signal);
  } catch (error) {
    connection.close();
    throw error;
  }
  const reader = createReader({ ...access, clock });
  const codec = createColumnCodec(options);
  const gate = createWriteGate(options);
  const running = createInFlight();
  const deps = { ...access, reader, clock, ids };
  return {
    async get(keys, { signal }) {
      signal.throwIfAborted();
      const checked = keys.map(checkKey);
      return running.run('get', async () =>
        codec.decodeFound(checked, await reader.get(checked, signal), { signal }),
      );
    },
    async list(query, { signal }) {
      signal.throwIfAborted();
      const plan = planList(query);
      return running.run('list', async () =>
        codec.decodePage(query.table, await reader.list(plan, signal), { signal }),
      );
    },
    async commit(unit, { signal }) {
      signal.throwIfAborted();
      const checked = checkUnit(unit);
      return running.run('commit', async () => {
        const encoded = await codec.encode(checked, { signal });
        return gate.run(() => commitUnit(deps, encoded, signal), signal);
      });
    },
    async storedPage(table, { cursor }, { signal }) {
      signal.throwIfAborted();
      return running.run('a pass over all rows', () => storedPage(access, { table, cursor }, signal));
    },
    async close() {
      await running.drain();
      connection.close();
    },
    readOnly: () => gate.readOnly(),
  };
}

/** A connection that knows its tables, and the one layer that repeats its requests. */
export function openAccess(options: DynamoAccess) {
  const tableName = tableNamesOf(options.prefix);
  const scannable = new Set(tableNames.filter((table) => tableSpec(table).scan === true).map(tableName));
  const rules = { dialect: options.dialect, scannable };
  const connection = connect({ ...options, bearer: options.iamToken, rules });
  const readingWhole = async <Result>(table: TableName, action: () => Promise<Result>): Promise<Result> => {
    const isSmall = scannable.has(tableName(table));
    scannable.add(tableName(table));
    try {
      return await action();
    } finally {
      if (!isSmall) scannable.delete(tableName(table));
    }
  };
  return { connection, calls: createCalls(options), tableName, readingWhole };
}

/** Longer ones would not fit the engine's 255 characters with every table's name. */
const prefixPattern = /^[a-zA-Z0-9_.-]{1,100}$/;

function tableNamesOf(prefix: string): TableNames {
  if (!prefixPattern.test(prefix)) throw dynamoErrors.badPrefix({ prefix });
  return (table) => `${prefix}${table}`;
}
