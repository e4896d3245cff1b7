import { join } from 'node:path';
import {
  beginKeyRotation,
  createDirectoryBlobs,
  createKeyring,
  endKeyRotation,
  lockDirectory,
} from '@polar-gosling/adapter-local';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import type { Clock, Logger } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';

export interface RotationDeps {
  readonly dataDir: string;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pid: number;
}

export type Rotation =
  | { readonly kind: 'done'; readonly rows: number; readonly wasResumed: boolean }
  /** An instance seals with the key it has read: it must not run meanwhile. */
  | { readonly kind: 'running'; readonly pid: string };

/**
 * A new key for the sealed columns of an embedded instance: put in force, everything sealed again with it, the old one
 * forgotten. Broken off anywhere, the old key is still there and the next call goes on.
 */
export async function rotateKeyring(deps: RotationDeps, options: { signal: AbortSignal }): Promise<Rotation> {
  const { dataDir, secrets, clock, log } = deps;
  const lock = lockDirectory(dataDir, deps.pid);
  if ('takenBy' in lock) return { kind: 'running', pid: lock.takenBy };
  try {
    const begun = await beginKeyRotation(secrets, options);
    const sealer = await createKeyring(secrets, options);
    const blobs = createDirectoryBlobs({ dir: join(dataDir, 'blobs') });
    const path = join(dataDir, 'gosling.db');
    const store = await createSqliteStore({ path, clock, sealer, blobs, logger: log, mode: 'inline' });
    try {
      const rows = await store.reseal(options);
      await endKeyRotation(secrets, options);
      return { kind: 'done', rows, wasResumed: begun === 'resumed' };
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
}
