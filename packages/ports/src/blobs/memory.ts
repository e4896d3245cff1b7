import { type Clock, createSystemClock, sha256Hex } from '@polar-gosling/kernel';
import { checkBlobKey, checkBlobPrefix } from './blob-key.ts';
import type { BlobEntry, BlobStore } from './blobs.ts';
import { checkContent, contentKey, joinChunks } from './content.ts';

const chunkBytes = 64 * 1024;

/** The reference implementation of `BlobStore`; keeps nothing when the process ends. */
export function createMemoryBlobs(deps: { clock?: Pick<Clock, 'now'> } = {}): BlobStore {
  const { clock = createSystemClock() } = deps;
  const values = new Map<string, Uint8Array>();
  const writtenAt = new Map<string, number>();
  const keep = (key: string, value: Uint8Array) => {
    values.set(checkBlobKey(key), new Uint8Array(checkContent(key, value)));
    writtenAt.set(key, clock.now());
  };
  const keysFrom = (prefix: string) => {
    const checked = checkBlobPrefix(prefix);
    return [...values.keys()].filter((key) => key.startsWith(checked)).toSorted();
  };
  return {
    async read(key, options) {
      options.signal.throwIfAborted();
      const value = values.get(checkBlobKey(key));
      return value && new Uint8Array(value);
    },
    async write(key, value, options) {
      options.signal.throwIfAborted();
      keep(key, value);
    },
    async writeIfAbsent(key, value, options) {
      options.signal.throwIfAborted();
      if (values.has(checkBlobKey(key))) return 'exists';
      keep(key, value);
      return 'written';
    },
    async remove(key, options) {
      options.signal.throwIfAborted();
      values.delete(checkBlobKey(key));
    },
    async list(prefix, limit, options) {
      options.signal.throwIfAborted();
      return keysFrom(prefix).slice(0, limit);
    },
    async *entries(prefix, options) {
      for (const key of keysFrom(prefix)) {
        options.signal.throwIfAborted();
        const entry: BlobEntry = { key, writtenAt: writtenAt.get(key) ?? 0 };
        if (values.has(key)) yield entry;
      }
    },
    async openRead(key, options) {
      options.signal.throwIfAborted();
      const value = values.get(checkBlobKey(key));
      return value && chunksOf(value, options.signal);
    },
    async writeFrom(key, source, options) {
      checkBlobKey(key);
      keep(key, await bytesOf(source, options.signal));
    },
    async putContent(prefix, source, options) {
      checkBlobKey(prefix);
      const value = await bytesOf(source, options.signal);
      const sha256 = sha256Hex(value);
      const key = contentKey(prefix, sha256);
      keep(key, value);
      return { key, sha256, sizeBytes: value.length };
    },
  };
}

async function bytesOf(source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  signal.throwIfAborted();
  for await (const chunk of source) {
    signal.throwIfAborted();
    chunks.push(new Uint8Array(chunk));
  }
  return joinChunks(chunks);
}

async function* chunksOf(value: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < value.length; at += chunkBytes) {
    signal.throwIfAborted();
    yield value.slice(at, at + chunkBytes);
  }
}
