import { join, resolve } from 'node:path';
import type { StateBucket } from '@polar-gosling/adapter-tofu';
import type { Clock, IdSource, Logger } from '@polar-gosling/kernel';
import type { BlobStore } from '@polar-gosling/ports/blobs';
import type { QueueOperations, WorkQueue } from '@polar-gosling/ports/queue';
import type { SelfCheck } from '@polar-gosling/ports/secrets';
import type { Sealer, Store } from '@polar-gosling/ports/store';
import type { StoredRows } from '@polar-gosling/ports/store/adapter';
import { hasStaticKey, openYandexTokens, type YandexTokensDeps } from '../clouds/yandex-tokens.ts';
import { proxiesOf } from '../proxy-of.ts';
import { checkDirectory, checkOutbox, checkS3, checkSqlite } from './checks.ts';
import type { BlobSettings, QueueSettings, StoreSettings } from './settings.ts';

// The only table of which adapter stands behind which name. An adapter is loaded when it is opened: an embedded
// instance never loads the SDK of a cloud.

const databaseName = 'gosling.db';
const defaultPrefix = 'gosling-';

export interface EngineDeps {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  /** Of the host, for proxies; credentials are found by each SDK's own rules. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface OpenedBlobs {
  readonly blobs: BlobStore;
  /** The bucket behind it, where there is one: OpenTofu keeps its states there by itself. */
  readonly bucket?: StateBucket;
  close(): Promise<void>;
}

export interface OpenedQueue {
  readonly queue: WorkQueue & QueueOperations;
  /** What everything that commits is given: its messages are sent right after a commit. */
  readonly store: Store;
  close(): Promise<void>;
}

interface Engine<Settings, Needs, Opened, Login = object> {
  open(settings: Settings, deps: EngineDeps & Login & Needs): Promise<Opened>;
  /** What it tells of itself to `gosling doctor`. */
  check(settings: Settings, deps: EngineDeps & Login): Promise<readonly SelfCheck[]>;
}

/** By what a store knows us that takes tokens of its cloud. */
export type StoreLogin = Pick<YandexTokensDeps, 'secrets' | 'masker' | 'yandexAt'>;
type StoreNeeds = { readonly sealer: Sealer; readonly blobs: BlobStore };
type StoreEngine = Engine<StoreSettings, StoreNeeds, Store & StoredRows, StoreLogin>;

export const stores: Readonly<Record<StoreSettings['kind'], StoreEngine>> = {
  sqlite: {
    async open(_settings, { dataDir, clock, sealer, blobs, log }) {
      const { createSqliteStore } = await import('@polar-gosling/adapter-sqlite');
      return createSqliteStore({ path: join(dataDir, databaseName), clock, sealer, blobs, logger: log });
    },
    check: async (_settings, { dataDir }) => checkSqlite(join(dataDir, databaseName)),
  },
  dynamodb: tablesOf('dynamodb'),
  ydb: tablesOf('ydb'),
};

export const queues: Readonly<
  Record<QueueSettings['kind'], Engine<QueueSettings, { readonly store: Store }, OpenedQueue>>
> = {
  sqlite: {
    async open(_settings, { store, clock, ids }) {
      const { createOutboxQueue } = await import('@polar-gosling/ports/queue/outbox');
      return { queue: createOutboxQueue({ store, clock, ids }), store, close: async () => undefined };
    },
    check: (_settings, { dataDir, clock }) => checkOutbox(join(dataDir, databaseName), clock),
  },
  sqs: messagesOf('json'),
  ymq: messagesOf('query'),
};

/** By the scheme of `GOSLING_BLOBS`. */
export const blobStores: Readonly<Record<'file' | 's3', Engine<BlobSettings, object, OpenedBlobs>>> = {
  file: {
    async open(settings, { dataDir }) {
      const { createDirectoryBlobs } = await import('@polar-gosling/adapter-local');
      const blobs = createDirectoryBlobs({ dir: directoryOf(settings, dataDir) });
      return { blobs, close: async () => undefined };
    },
    check: (settings, { dataDir }) => checkDirectory(directoryOf(settings, dataDir)),
  },
  s3: {
    async open(settings, deps) {
      const { createS3Blobs } = await import('@polar-gosling/adapter-s3');
      const options = bucketOf(settings, deps);
      const blobs = createS3Blobs(options);
      const { bucket, prefix, endpoint } = options;
      const { access, readShared: read, writeShared: write } = blobs;
      return { blobs, bucket: { bucket, prefix, endpoint, access, read, write }, close: () => blobs.close() };
    },
    check: (settings, deps) => checkS3(bucketOf(settings, deps), deps.signal),
  },
};

export function schemeOf({ place }: BlobSettings): 'file' | 's3' {
  return place?.startsWith('s3:') === true ? 's3' : 'file';
}

function tablesOf(dialect: 'dynamodb' | 'ydb'): StoreEngine {
  const accessOf = async (settings: StoreSettings, deps: EngineDeps & StoreLogin) => {
    const { clock, ids, log, environment } = deps;
    const isByToken = dialect === 'ydb' && !hasStaticKey(environment);
    const yandex = isByToken ? await openYandexTokens(deps) : undefined;
    const access = {
      dialect,
      endpoint: settings.endpoint,
      region: regionOf(settings),
      prefix: settings.prefix ?? defaultPrefix,
      iamToken: yandex && ((signal: AbortSignal) => yandex.tokens.current({ signal })),
      proxies: proxiesOf(environment),
      clock,
      ids,
      logger: log,
    };
    return { access, logOut: async () => yandex?.calls.close() };
  };
  return {
    async open(settings, deps) {
      const { createDynamoStore } = await import('@polar-gosling/adapter-dynamo');
      const { sealer, blobs, signal } = deps;
      const { access, logOut } = await accessOf(settings, deps);
      try {
        const store = await createDynamoStore({ ...access, sealer, blobs, signal });
        return { ...store, close: () => store.close().finally(logOut) };
      } catch (error) {
        await logOut();
        throw error;
      }
    },
    async check(settings, deps) {
      const { checkDynamoStore } = await import('@polar-gosling/adapter-dynamo');
      const { access, logOut } = await accessOf(settings, deps);
      return checkDynamoStore(access, { signal: deps.signal }).finally(logOut);
    },
  };
}

function messagesOf(
  defaultProtocol: 'json' | 'query',
): Engine<QueueSettings, { readonly store: Store }, OpenedQueue> {
  const connectionOf = (settings: QueueSettings, { environment }: EngineDeps) => ({
    url: settings.url ?? '',
    dlqUrl: settings.dlqUrl,
    region: regionOf(settings),
    endpoint: settings.endpoint,
    protocol: settings.protocol ?? defaultProtocol,
    proxies: proxiesOf(environment),
  });
  return {
    async open(settings, deps) {
      const { createSqsQueue } = await import('@polar-gosling/adapter-sqs');
      const { signal } = deps;
      const queue = await createSqsQueue(connectionOf(settings, deps), deps, { signal });
      return { queue, store: queue.store, close: () => queue.close() };
    },
    async check(settings, deps) {
      const { checkSqsQueue } = await import('@polar-gosling/adapter-sqs');
      return checkSqsQueue(connectionOf(settings, deps), deps, { signal: deps.signal });
    },
  };
}

function directoryOf({ place }: BlobSettings, dataDir: string): string {
  if (place === undefined) return join(dataDir, 'blobs');
  return resolve(place.replace(/^file:(\/\/)?/, ''));
}

/** `s3://bucket/a/prefix`: the bucket, and the folder of all keys in it. */
function bucketOf(settings: BlobSettings, { clock, ids, environment }: EngineDeps) {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(settings.place ?? '') ?? [];
  const { endpoint, region } = settings;
  return { bucket, prefix, endpoint, region, proxies: proxiesOf(environment), clock, ids };
}

/** Another service at an address of its own does not care for the name of a region; a signature needs one. */
function regionOf({ region }: { readonly region?: string | undefined }): string {
  return region ?? 'us-east-1';
}
