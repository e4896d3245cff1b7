import {
  type BegunRotation,
  beginKeyRotation,
  createKeyring,
  endKeyRotation,
  lockDirectory,
  sealedKeyId,
} from '@polar-gosling/adapter-local';
import type { Clock, IdSource, Logger, Masker } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import { createCachedSecrets, stalestMs } from '@polar-gosling/ports/secrets/cached';
import { type CallOptions, type Store, storeErrors } from '@polar-gosling/ports/store';
import { resealRows, type StoredRows } from '@polar-gosling/ports/store/adapter';
import { blobStores, schemeOf, stores } from '../engines/registry.ts';
import type { EngineSettings } from '../engines/settings.ts';
import { type RotationLease, takeRotationLease } from './rotation-lease.ts';

export interface RotationDeps {
  readonly dataDir: string;
  readonly engines: Pick<EngineSettings, 'store' | 'blobs'>;
  /** The backend itself, no cache. */
  readonly secrets: SecretStore;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly masker: Masker;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly pid: number;
}

/** `rows`: how many were sealed again. */
export type Rotation =
  | { readonly kind: 'done'; readonly rows: number; readonly wasResumed: boolean }
  /** The new key is in force and everything is sealed with it; the old one stays, others may still seal with it. */
  | {
      readonly kind: 'waiting';
      readonly rows: number;
      readonly wasResumed: boolean;
      readonly untilMs: number;
    }
  /** Another rotation is under way. */
  | { readonly kind: 'busy' };

const ttlMs = 300_000;
/** From sealing a column to its row being durable, and what clocks differ. */
const marginMs = 5 * 60_000;
/** After so long nobody seals with an earlier ring: a cache gives nothing out that is older than `stalestMs`. */
export const graceMs = stalestMs + marginMs;
const mostPasses = 4;
const releaseTimeoutMs = 5_000;

/**
 * A new key for the sealed columns: put in force, everything sealed again with it, the old one forgotten when a whole
 * pass finds nothing of it and nobody can seal with it any more. Instances may run meanwhile. Broken off anywhere, the
 * old key is still there and the next call goes on.
 */
export async function rotateKeyring(deps: RotationDeps, options: CallOptions): Promise<Rotation> {
  // Only an embedded instance holds this: with it nobody else is at this store.
  const lock = deps.engines.store.kind === 'sqlite' ? lockDirectory(deps.dataDir, deps.pid) : undefined;
  const isAlone = lock !== undefined && !('takenBy' in lock);
  try {
    return await withEngines(
      deps,
      (opened) => rotateLeased({ ...deps, ...opened, isAlone }, options),
      options,
    );
  } finally {
    if (lock !== undefined && 'release' in lock) lock.release();
  }
}

interface Opened {
  readonly store: Store & StoredRows;
  readonly blobs: Blobs;
  /** Through the cache of this process, which its sealer reads, but never what is kept there. */
  readonly ring: SecretStore;
}

async function withEngines<Result>(
  deps: RotationDeps,
  action: (opened: Opened) => Promise<Result>,
  { signal }: CallOptions,
): Promise<Result> {
  const { engines, secrets, clock, masker, log } = deps;
  const cached = createCachedSecrets(secrets, { clock, ttlMs, masker, logger: log });
  const sealer = await createKeyring(cached, { signal });
  const { blobs, close } = await blobStores[schemeOf(engines.blobs)].open(engines.blobs, { ...deps, signal });
  try {
    const store = await stores[engines.store.kind].open(engines.store, { ...deps, sealer, blobs, signal });
    try {
      return await action({ store, blobs, ring: { ...cached, read: cached.refresh } });
    } finally {
      await store.close();
    }
  } finally {
    await close();
  }
}

type Rotating = RotationDeps & Opened & { readonly isAlone: boolean };

async function rotateLeased(deps: Rotating, options: CallOptions): Promise<Rotation> {
  const { store, clock, ids, ring } = deps;
  const lease = await takeRotationLease({ store, clock, holder: ids.next() }, options);
  if (lease === undefined) return { kind: 'busy' };
  try {
    const begun = await beginKeyRotation(ring, clock.now(), options);
    return await reseal(deps, { lease, begun }, options);
  } finally {
    // Also after an abort, so not by its signal; should it fail, the lease ends by itself.
    await lease.release({ signal: AbortSignal.timeout(releaseTimeoutMs) }).catch(() => undefined);
  }
}

async function reseal(
  deps: Rotating,
  { lease, begun }: { lease: RotationLease; begun: BegunRotation },
  options: CallOptions,
): Promise<Rotation> {
  const { store, blobs, clock } = deps;
  const isCurrent = (sealed: Uint8Array) => sealedKeyId(sealed) === begun.activeId;
  const pass = () => resealRows({ store, blobs, isCurrent, onPage: lease.renew }, options);
  const wasResumed = begun.kind === 'resumed';
  const untilMs = begun.sinceMs + graceMs;
  let rows = await pass();
  for (let passes = 1; passes < mostPasses; passes++) {
    const isOver = deps.isAlone || clock.now() >= untilMs;
    if (!isOver) return { kind: 'waiting', rows, wasResumed, untilMs };
    const left = await pass();
    rows += left;
    if (left > 0) continue;
    await lease.renew(options);
    await endKeyRotation(deps.ring, begun.activeId, options);
    return { kind: 'done', rows, wasResumed };
  }
  throw storeErrors.contended({ what: 'what is sealed with an old key', attempts: mostPasses });
}
