import { sha256Hex, startSha256 } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';
import { checkBlobKey } from './blob-key.ts';
import type { Blobs } from './blobs.ts';
import { blobErrors } from './errors.ts';

const contentName = /(?:^|\/)([0-9a-f]{64})$/;

/** The key of content with this hash. */
export function contentKey(prefix: string, sha256: string): string {
  return checkBlobKey(`${prefix}/${sha256}`);
}

/** Where content of this key lies, and is still read, once no row was found to name it. */
export function asideKeyOf(key: string): string {
  return `unreferenced/${key}`;
}

/** Content that a row names, wherever it lies; `undefined` when it is gone. Fails with BLOB_CORRUPT. */
export async function readContent(
  blobs: Pick<Blobs, 'read'>,
  key: string,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  return (await blobs.read(key, options)) ?? (await blobs.read(asideKeyOf(key), options));
}

/** The hash that a content-addressed key names; `undefined` for any other key. */
export function contentHashOf(key: string): string | undefined {
  return contentName.exec(key)?.[1];
}

/** Gives the bytes back when they are what the key (or `expected`) says; BLOB_CORRUPT otherwise. */
export function checkContent(
  key: string,
  bytes: Uint8Array,
  expected: string | undefined = contentHashOf(key),
): Uint8Array {
  if (expected !== undefined && sha256Hex(bytes) !== expected) throw blobErrors.corrupt({ key });
  return bytes;
}

/** Passes the chunks on and fails at their end when their hash is another one. */
export async function* checkChunks(
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  expected: string | undefined = contentHashOf(key),
): AsyncGenerator<Uint8Array> {
  const hash = startSha256();
  for await (const chunk of chunks) {
    if (expected !== undefined) hash.update(chunk);
    yield chunk;
  }
  if (expected !== undefined && hash.hex() !== expected) throw blobErrors.corrupt({ key });
}

/** One value of many chunks. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
