import type { SecretsSettings } from '../open-secrets.ts';

/** `GOSLING_STORE` and `GOSLING_STORE_*`. */
export interface StoreSettings {
  readonly kind: 'sqlite' | 'dynamodb' | 'ydb';
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly prefix?: string | undefined;
}

/** `GOSLING_QUEUE` and `GOSLING_QUEUE_*`. */
export interface QueueSettings {
  readonly kind: 'sqlite' | 'sqs' | 'ymq';
  readonly url?: string | undefined;
  readonly dlqUrl?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly protocol?: 'json' | 'query' | undefined;
}

/** `GOSLING_BLOBS` (`file:PATH`, `s3://bucket/prefix`) and `GOSLING_BLOBS_*`. */
export interface BlobSettings {
  readonly place?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** What stands behind the ports of state. */
export interface EngineSettings {
  readonly store: StoreSettings;
  readonly queue: QueueSettings;
  readonly blobs: BlobSettings;
  readonly secrets: SecretsSettings;
}

/** Everything in the data directory. */
export const embeddedEngines: EngineSettings = {
  store: { kind: 'sqlite' },
  queue: { kind: 'sqlite' },
  blobs: {},
  secrets: { backend: 'local' },
};
