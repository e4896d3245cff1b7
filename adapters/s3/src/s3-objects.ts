import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type BlobEntry, blobErrors, checkChunks, contentHashOf } from '@polar-gosling/ports/blobs';
import { failureOf, outcomeOf } from './s3-failure.ts';
import type { Spooled } from './spool.ts';

/** What one PutObject takes; more would need another protocol, and nothing of ours comes near. */
const maxPutBytes = 5 * 1024 ** 3;
const pageKeys = 1_000;

export interface S3Place {
  readonly client: S3Client;
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
}

/**
 * Writes the value in one step; with `once` only where there is none, with `over` only over what has that entity tag
 * (`exists` otherwise). `isShared`: another program writes over it, and some services would keep our checksum beside its
 * bytes, so there is none.
 */
export async function putObject(
  place: S3Place,
  value: { key: string; spooled: Spooled; once?: boolean; isShared?: boolean; over?: string | undefined },
  signal: AbortSignal,
): Promise<'written' | 'exists'> {
  const { key, spooled, once = false, isShared = false, over } = value;
  const { sizeBytes, sha256 } = spooled;
  const named = contentHashOf(key);
  if (named !== undefined && named !== sha256) throw blobErrors.corrupt({ key });
  if (sizeBytes > maxPutBytes) throw blobErrors.tooBig({ key, bytes: sizeBytes });
  const command = new PutObjectCommand({
    Bucket: place.bucket,
    Key: `${place.prefix}${key}`,
    Body: spooled.body(),
    ContentLength: sizeBytes,
    Metadata: isShared ? {} : { sha256 },
    ...(once ? { IfNoneMatch: '*' } : {}),
    ...(over === undefined ? {} : { IfMatch: over }),
  });
  signHash(command, sha256);
  try {
    await place.client.send(command, { abortSignal: signal });
    return 'written';
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome === 'exists' || (outcome === 'missing' && over !== undefined)) return 'exists';
    // A service that knows one condition need not know the other.
    if (outcome === 'unknown' && over !== undefined)
      return putObject(place, { ...value, over: undefined }, signal);
    throw failureOf(error, { op: 'write', key, bucket: place.bucket, signal });
  }
}

/** The service then checks the bytes it got against this hash, on plain HTTP and of a stream too. */
function signHash(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => (call) => {
      const { headers } = call.request as { headers: Record<string, string> };
      headers['x-amz-content-sha256'] = sha256;
      return next(call);
    },
    { step: 'build', name: 'signContentHash' },
  );
}

/** The bytes in chunks, checked at their end; `undefined` where there are none. */
export async function getObject(
  place: S3Place,
  key: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  return (await getTagged(place, key, signal))?.chunks;
}

/** The same with the entity tag, which the next writing changes. */
export async function getTagged(
  place: S3Place,
  key: string,
  signal: AbortSignal,
): Promise<{ chunks: AsyncIterable<Uint8Array>; tag: string } | undefined> {
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: `${place.prefix}${key}` });
  try {
    const answer = await place.client.send(command, { abortSignal: signal });
    const stored = answer.Metadata?.['sha256'];
    const chunks = wholeBody(answer, { key, bucket: place.bucket, signal });
    return { chunks: checkChunks(key, chunks, contentHashOf(key) ?? stored), tag: answer.ETag ?? '*' };
  } catch (error) {
    if (outcomeOf(error) === 'missing') return undefined;
    throw failureOf(error, { op: 'read', key, bucket: place.bucket, signal });
  }
}

/** As many bytes as were announced; a connection that ends early is a failure, not an end. */
async function* wholeBody(
  answer: { Body?: unknown; ContentLength?: number | undefined },
  at: { key: string; bucket: string; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  try {
    for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
      at.signal.throwIfAborted();
      sizeBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw failureOf(error, { op: 'read', ...at });
  }
  const announced = answer.ContentLength ?? sizeBytes;
  if (sizeBytes !== announced) throw blobErrors.unavailable({ op: 'read to the end' });
}

export async function deleteObject(place: S3Place, key: string, signal: AbortSignal): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: place.bucket, Key: `${place.prefix}${key}` });
  try {
    await place.client.send(command, { abortSignal: signal });
  } catch (error) {
    if (outcomeOf(error) === 'missing') return;
    throw failureOf(error, { op: 'remove', key, bucket: place.bucket, signal });
  }
}

/** One page of values below the place's prefix, without it. */
export async function listObjects(
  place: S3Place,
  query: { prefix: string; from: string | undefined },
  signal: AbortSignal,
): Promise<{ entries: readonly BlobEntry[]; next: string | undefined }> {
  const command = new ListObjectsV2Command({
    Bucket: place.bucket,
    Prefix: `${place.prefix}${query.prefix}`,
    MaxKeys: pageKeys,
    ...(query.from === undefined ? {} : { ContinuationToken: query.from }),
  });
  try {
    const answer = await place.client.send(command, { abortSignal: signal });
    const entries = (answer.Contents ?? []).flatMap(({ Key, LastModified }) =>
      Key === undefined
        ? []
        : [
            {
              key: Key.slice(place.prefix.length),
              writtenAt: LastModified?.getTime() ?? Number.MAX_SAFE_INTEGER,
            },
          ],
    );
    return { entries, next: answer.NextContinuationToken };
  } catch (error) {
    throw failureOf(error, { op: 'list', bucket: place.bucket, signal });
  }
}
