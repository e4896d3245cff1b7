import { randomBytes } from 'node:crypto';
import {
  type Clock,
  createSystemClock,
  createSystemIds,
  type Logger,
  silentLogger,
} from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { TableName } from '@polar-gosling/ports/store';
import type { Dialect } from '../dialect-guard.ts';
import { createDynamoStore, type DynamoStore, type DynamoStoreOptions, openAccess } from '../dynamo-store.ts';
import { tableNames } from '../table-definitions.ts';

const options = { signal: new AbortController().signal };

/** DynamoDB Local; it takes any key. */
// biome-ignore lint/style/noProcessEnv: POLAR_* names are for tests only
export const engineUrl = process.env['POLAR_DYNAMODB_URL'] ?? '';
export const noEngine = 'POLAR_DYNAMODB_URL names no DynamoDB Local';
export const localCredentials = { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' };

export function optionsFor(
  given: Partial<DynamoStoreOptions> & { clock: Clock; dialect?: Dialect; logger?: Logger },
): DynamoStoreOptions {
  return {
    dialect: 'dynamodb',
    endpoint: engineUrl,
    region: 'eu-central-1',
    prefix: `t${randomBytes(6).toString('hex')}-`,
    credentials: localCredentials,
    ids: createSystemIds(given.clock),
    logger: silentLogger,
    sealer: {
      seal: (bytes) => bytes.map((byte) => byte ^ 0xff),
      open: (bytes) => bytes.map((byte) => byte ^ 0xff),
    },
    blobs: createMemoryBlobs(),
    deletionProtection: false,
    ...options,
    ...given,
  };
}

/** A store on tables of its own, which go when it is closed. */
export async function openLocalStore(
  given: Partial<DynamoStoreOptions> & { clock: Clock },
): Promise<DynamoStore> {
  const all = optionsFor({ ...given, clock: withoutWaits(given.clock) });
  const store = await createDynamoStore(all);
  return {
    ...store,
    async close() {
      await store.close();
      await dropTables(all);
    },
  };
}

export async function dropTables(all: DynamoStoreOptions): Promise<void> {
  const { connection, tableName } = openAccess(all);
  const made: readonly TableName[] = all.tables ?? tableNames;
  for (const table of made) {
    await connection.deleteTable({ TableName: tableName(table) }, options.signal).catch(() => undefined);
  }
  connection.close();
}

/** The time of a test's clock; nobody moves it on while a store works, so waits are short and real. */
export function withoutWaits(clock: Clock): Clock {
  const real = createSystemClock();
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => real.sleep(Math.min(ms, 20), signal),
  };
}
