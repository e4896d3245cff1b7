import { checkBlobKey, checkBlobPrefix } from './blob-key.ts';
import type { Blobs } from './blobs.ts';

/** The reference implementation of `Blobs`; keeps nothing when the process ends. */
export function createMemoryBlobs(): Blobs {
  const values = new Map<string, Uint8Array>();
  return {
    async read(key, options) {
      options.signal.throwIfAborted();
      const value = values.get(checkBlobKey(key));
      return value && new Uint8Array(value);
    },
    async write(key, value, options) {
      options.signal.throwIfAborted();
      values.set(checkBlobKey(key), new Uint8Array(value));
    },
    async writeIfAbsent(key, value, options) {
      options.signal.throwIfAborted();
      if (values.has(checkBlobKey(key))) return 'exists';
      values.set(key, new Uint8Array(value));
      return 'written';
    },
    async remove(key, options) {
      options.signal.throwIfAborted();
      values.delete(checkBlobKey(key));
    },
    async list(prefix, limit, options) {
      options.signal.throwIfAborted();
      const checked = checkBlobPrefix(prefix);
      const found = [...values.keys()].filter((key) => key.startsWith(checked));
      return found.toSorted().slice(0, limit);
    },
  };
}
