import { tmpdir } from 'node:os';
import { type Clock, type IdSource, isCoded, Secret, shareCalls, withRetries } from '@polar-gosling/kernel';
import {
  type BlobEntry,
  type BlobStore,
  blobErrors,
  checkBlobKey,
  checkBlobPrefix,
  contentHashOf,
  contentKey,
  joinChunks,
} from '@polar-gosling/ports/blobs';
import { type ConditionalWrites, findConditionalWrites, ownPrefix } from './conditional-writes.ts';
import { openS3Client, type S3ClientSettings } from './s3-client.ts';
import { deleteObject, getObject, getTagged, listObjects, putObject, type S3Place } from './s3-objects.ts';
import { type Spooled, spooledBytes, withSpooled } from './spool.ts';

const mostReads = 3;
const retryPlan = { attempts: 4, baseMs: 200, capMs: 5_000 };

export interface S3BlobsOptions extends S3ClientSettings {
  readonly bucket: string;
  /** Folder of all keys in the bucket, as `gosling/prod`; the whole bucket when absent. */
  readonly prefix?: string | undefined;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Where a big value waits until its hash is known; the system's folder for such when absent. */
  readonly spoolDir?: string | undefined;
}

export interface S3Blobs extends BlobStore {
  /** Asks the bucket again whether it holds conditional writes, and records it. */
  checkConditionalWrites(options: { signal: AbortSignal }): Promise<ConditionalWrites>;
  /** What another program writes as well, and which writing of it this is. Safe to repeat. */
  readShared(
    key: string,
    options: { signal: AbortSignal },
  ): Promise<{ readonly bytes: Uint8Array; readonly version: string } | undefined>;
  /**
   * Writes the same, without the checksum that the other program would not keep up, and only over the version that was
   * read (`undefined`: where nothing was); `changed` otherwise, also when this is repeated. Over whatever is there where
   * the bucket does not hold conditional writes.
   */
  writeShared(
    key: string,
    value: Uint8Array,
    options: { signal: AbortSignal; over: string | undefined },
  ): Promise<'written' | 'changed'>;
  /** What another program on this host needs to use the bucket at this moment. */
  access(options: { signal: AbortSignal }): Promise<S3Access>;
  close(): Promise<void>;
}

export interface S3Access {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: Secret;
    readonly sessionToken?: Secret | undefined;
  };
  readonly holdsConditionalWrites: boolean;
}

/**
 * Values as objects of one bucket, each with its SHA-256 in its metadata: the service checks it on the way in, we on
 * the way out. A value is sent in one request, so nobody ever sees a part of it and nothing is left of one that failed.
 */
export function createS3Blobs(options: S3BlobsOptions): S3Blobs {
  const { clock, ids, bucket } = options;
  const prefix = options.prefix === undefined || options.prefix === '' ? '' : `${options.prefix}/`;
  if (prefix !== '') checkBlobPrefix(prefix);
  const place: S3Place = { client: openS3Client(options), bucket, prefix };
  const spoolDir = options.spoolDir ?? tmpdir();
  const repeating = <Result>(signal: AbortSignal, action: () => Promise<Result>): Promise<Result> => {
    signal.throwIfAborted();
    return withRetries(action, { plan: retryPlan, clock, ids, signal });
  };
  const put = (key: string, spooled: Spooled, signal: AbortSignal) =>
    repeating(signal, () => putObject(place, { key, spooled }, signal));
  const entriesBelow = (keyPrefix: string, signal: AbortSignal) =>
    ourEntries((from) =>
      repeating(signal, () => listObjects(place, { prefix: checkBlobPrefix(keyPrefix), from }, signal)),
    );
  const conditional = rememberVerdict(place, { clock, ids, repeating });

  return {
    async read(key, { signal }) {
      checkBlobKey(key);
      return repeating(signal, () => readWhole(place, key, signal));
    },
    async write(key, value, { signal }) {
      checkBlobKey(key);
      await put(key, spooledBytes(value), signal);
    },
    async writeIfAbsent(key, value, { signal }) {
      checkBlobKey(key);
      signal.throwIfAborted();
      // The same content twice is the same: whoever wins, nothing is lost.
      if (contentHashOf(key) === undefined) await conditional.require(signal);
      return putObject(place, { key, spooled: spooledBytes(value), once: true }, signal);
    },
    async remove(key, { signal }) {
      checkBlobKey(key);
      await repeating(signal, () => deleteObject(place, key, signal));
    },
    async list(keyPrefix, limit, { signal }) {
      const found: string[] = [];
      for await (const { key } of entriesBelow(keyPrefix, signal)) {
        if (found.push(key) >= limit) break;
      }
      return found;
    },
    entries: (keyPrefix, { signal }) => entriesBelow(keyPrefix, signal),
    async openRead(key, { signal }) {
      checkBlobKey(key);
      return repeating(signal, () => getObject(place, key, signal));
    },
    async writeFrom(key, source, { signal }) {
      checkBlobKey(key);
      await withSpooled(source, { dir: spoolDir, signal }, (spooled) => put(key, spooled, signal));
    },
    async putContent(folder, source, { signal }) {
      checkBlobKey(folder);
      return withSpooled(source, { dir: spoolDir, signal }, async (spooled) => {
        const { sha256, sizeBytes } = spooled;
        const key = contentKey(folder, sha256);
        await put(key, spooled, signal);
        return { key, sha256, sizeBytes };
      });
    },
    ...sharedValues(place, { conditional, repeating }),
    checkConditionalWrites: ({ signal }) => conditional.ask(signal),
    access: async ({ signal }) => accessOf(place, (await conditional.find(signal)) === 'held'),
    async close() {
      place.client.destroy();
    },
  };
}

/** What another program writes as well. */
function sharedValues(
  place: S3Place,
  { conditional, repeating }: { conditional: ReturnType<typeof rememberVerdict>; repeating: Repeating },
): Pick<S3Blobs, 'readShared' | 'writeShared'> {
  return {
    async readShared(key, { signal }) {
      checkBlobKey(key);
      return repeating(signal, async () => {
        const found = await getTagged(place, key, signal);
        return found && { bytes: await collect(found.chunks), version: found.tag };
      });
    },
    async writeShared(key, value, { signal, over }) {
      checkBlobKey(key);
      const isHeld = (await conditional.find(signal)) === 'held';
      const condition = isHeld ? { once: over === undefined, over } : {};
      const written = { key, spooled: spooledBytes(value), isShared: true, ...condition };
      const outcome = await repeating(signal, () => putObject(place, written, signal));
      return outcome === 'written' ? 'written' : 'changed';
    },
  };
}

/** Page after page, without the objects that are the adapter's own. */
async function* ourEntries(
  readPage: (from: string | undefined) => ReturnType<typeof listObjects>,
): AsyncGenerator<BlobEntry> {
  let from: string | undefined;
  do {
    const page = await readPage(from);
    yield* page.entries.filter(({ key }) => !key.startsWith(ownPrefix));
    from = page.next;
  } while (from !== undefined);
}

type Repeating = <Result>(signal: AbortSignal, action: () => Promise<Result>) => Promise<Result>;

/** The bucket's verdict, read once by each process. */
function rememberVerdict(place: S3Place, deps: { clock: Clock; ids: IdSource; repeating: Repeating }) {
  let verdict: ConditionalWrites | undefined;
  const ask = async (signal: AbortSignal, isFresh: boolean): Promise<ConditionalWrites> => {
    verdict = await deps.repeating(signal, () => findConditionalWrites(place, deps, { signal, isFresh }));
    return verdict;
  };
  const askOnce = shareCalls((signal) => ask(signal, false));
  const find = async (signal: AbortSignal) => verdict ?? (await askOnce(signal));
  return {
    ask: (signal: AbortSignal) => ask(signal, true),
    find,
    async require(signal: AbortSignal): Promise<void> {
      if ((await find(signal)) === 'ignored') throw blobErrors.noConditionalWrites({ bucket: place.bucket });
    },
  };
}

async function accessOf({ client }: S3Place, holdsConditionalWrites: boolean): Promise<S3Access> {
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
  return {
    region: await client.config.region(),
    credentials: {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      ...(sessionToken === undefined ? {} : { sessionToken: new Secret(sessionToken) }),
    },
    holdsConditionalWrites,
  };
}

/**
 * The whole value. Some services take metadata and bytes of a value from two moments while it is replaced: what does
 * not fit is read anew before it is called broken.
 */
async function readWhole(place: S3Place, key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  for (let reads = 1; ; reads++) {
    try {
      const chunks = await getObject(place, key, signal);
      return chunks && (await collect(chunks));
    } catch (error) {
      if (reads >= mostReads || !isCoded(error, 'BLOB_CORRUPT')) throw error;
    }
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  return joinChunks(parts);
}
