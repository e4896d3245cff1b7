import type { Secret } from '@polar-gosling/kernel';
import { type Blobs, blobErrors } from '@polar-gosling/ports/blobs';
import type { CallOptions } from '@polar-gosling/ports/tofu';
import { z } from 'zod';
import { readStateHead, type StatePlace, stateKeyOf } from './state-place.ts';

/** Name of the credentials file in a run's directory, and of the profile in it; the templates say the same. */
const credentialsFile = 'state-credentials';
const profile = 'gosling-state';
const mostTries = 5;

/** What another program needs to use the bucket at this moment. */
export interface BucketAccess {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: Secret;
    readonly sessionToken?: Secret | undefined;
  };
  /** Does it refuse to overwrite when it is told to? Without it a lock in the bucket would hold nobody off. */
  readonly holdsConditionalWrites: boolean;
}

/** A bucket that states lie in. */
export interface StateBucket {
  readonly bucket: string;
  /** Folder of all keys in the bucket, without a slash at its end; empty: the whole bucket. */
  readonly prefix: string;
  /** The service's own address; AWS when absent. */
  readonly endpoint?: string | undefined;
  access(options: CallOptions): Promise<BucketAccess>;
  /** What OpenTofu writes below the folder, and which writing of it this is. Safe to repeat. */
  read(
    key: string,
    options: CallOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly version: string } | undefined>;
  /**
   * Writes the same, only over the version that was read (`undefined`: where nothing was); `changed` otherwise, also when
   * this very write had arrived before. Where conditional writes are not held: over whatever is there.
   */
  write(
    key: string,
    value: Uint8Array,
    options: CallOptions & { readonly over: string | undefined },
  ): Promise<'written' | 'changed'>;
}

// What OpenTofu puts into `KEY.tflock`.
const LockInfo = z.object({ Who: z.string(), Created: z.string().default('') });

/** A state as an object of a bucket, its lock as one beside it. `blobs` is the same folder of that bucket. */
export async function createS3StatePlace(
  deps: { bucket: StateBucket; blobs: Blobs; egg: string; shard: number },
  options: CallOptions,
): Promise<StatePlace> {
  const { bucket, prefix, endpoint = '' } = deps.bucket;
  const { region, credentials, holdsConditionalWrites } = await deps.bucket.access(options);
  const key = stateKeyOf(deps.egg, deps.shard);
  const fullKey = prefix === '' ? key : `${prefix}/${key}`;
  return {
    ...createS3StateAccess(deps, key),
    backend: { kind: 's3', bucket, key: fullKey, region, endpoint, use_lockfile: holdsConditionalWrites },
    files: new Map([[credentialsFile, profileText(credentials)]]),
  };
}

/** What can be done with such a state without OpenTofu, so without access for another program. */
export function createS3StateAccess(
  { blobs, bucket }: { blobs: Blobs; bucket: StateBucket },
  key: string,
): Required<Pick<StatePlace, 'readHead' | 'push' | 'breakLock'>> {
  const readHead = async (options: CallOptions) =>
    readStateHead((await blobs.read(key, options)) ?? new Uint8Array());
  return {
    readHead,
    async push(state, options) {
      const ours = readStateHead(state);
      for (let tries = 1; tries <= mostTries; tries++) {
        options.signal.throwIfAborted();
        const found = await bucket.read(key, options);
        const there = readStateHead(found?.bytes ?? new Uint8Array());
        // An equal serial is this very state: the write that "failed" had arrived.
        const isNewer =
          there.serial === undefined || (ours.lineage === there.lineage && (ours.serial ?? 0) > there.serial);
        if (!isNewer) return 'old';
        const outcome = await bucket.write(key, state, { ...options, over: found?.version });
        if (outcome === 'written') return 'pushed';
      }
      throw blobErrors.unavailable({ op: 'write over what was read' });
    },
    async breakLock(host, { since, ...options }) {
      const lock = `${key}.tflock`;
      const bytes = await blobs.read(lock, options);
      // A person's lock, or one of another host, is proven to be dead by nobody.
      if (bytes === undefined || !isHeldBy(host, bytes, since)) return false;
      await blobs.remove(lock, options);
      return true;
    },
  };
}

function isHeldBy(host: string, bytes: Uint8Array, since = 0): boolean {
  try {
    const { Who: who, Created: created } = LockInfo.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return who.endsWith(`@${host}`) && (since === 0 || Date.parse(created) >= since);
  } catch {
    return false; // not a lock of OpenTofu's
  }
}

function profileText({ accessKeyId, secretAccessKey, sessionToken }: BucketAccess['credentials']): string {
  const token = sessionToken === undefined ? [] : [`aws_session_token = ${sessionToken.reveal()}`];
  return [
    `[${profile}]`,
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey.reveal()}`,
    ...token,
    '',
  ].join('\n');
}
