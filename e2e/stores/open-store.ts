import { createDynamoStore, type DynamoStoreOptions } from '@polar-gosling/adapter-dynamo';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import { type Clock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Sealer, Store, TableName } from '@polar-gosling/ports/store';
import { dropTables } from '../../adapters/dynamo/src/testing/local-engine.ts';

const sealer: Sealer = { seal: (bytes) => bytes, open: (bytes) => bytes };

/** Which engine, and where in it: a file, or what the tables begin with. */
export interface StorePlace {
  readonly kind: 'sqlite' | 'dynamo';
  readonly at: string;
  /** Of DynamoDB: making all takes seconds. */
  readonly tables?: readonly TableName[];
}

/** A store of the kind that several processes can share. */
export function openStore(place: StorePlace, clock: Clock): Promise<Store> {
  const blobs = createMemoryBlobs();
  if (place.kind === 'sqlite') {
    return createSqliteStore({ path: place.at, clock, sealer, blobs, logger: silentLogger, mode: 'inline' });
  }
  return createDynamoStore(dynamoOptions(place, clock));
}

/** Of DynamoDB: thousands of left-over tables would slow it down. */
export async function removeStore(place: StorePlace, clock: Clock): Promise<void> {
  if (place.kind === 'dynamo') await dropTables(dynamoOptions(place, clock));
}

function dynamoOptions(place: StorePlace, clock: Clock): DynamoStoreOptions {
  return {
    dialect: 'dynamodb',
    endpoint: process.env['POLAR_DYNAMODB_URL'],
    region: 'eu-central-1',
    prefix: place.at,
    credentials: { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' },
    clock,
    ids: createSystemIds(clock),
    logger: silentLogger,
    sealer,
    blobs: createMemoryBlobs(),
    deletionProtection: false,
    tables: place.tables,
    signal: AbortSignal.timeout(60_000),
  };
}
