import type { CallOptions } from '../call.ts';

/**
 * Big values by key (`runs/{run}/log.jsonl`, `bundles/{sha256}`). Keys are relative, `/`-separated, never with `..`.
 * A key whose last part is 64 hexadecimal digits is the SHA-256 of its bytes: held on every write, checked on every
 * read (BLOB_CORRUPT).
 */
export interface Blobs {
  /** The bytes, or `undefined` when there is no such key. Safe to repeat. */
  read(key: string, options: CallOptions): Promise<Uint8Array | undefined>;
  /** Writes the whole value, atomically; replaces. Safe to repeat. */
  write(key: string, value: Uint8Array, options: CallOptions): Promise<void>;
  /**
   * Writes only where there is none; `exists` otherwise. After a failure the value may be there or not: not repeated.
   * BLOB_NO_CONDITIONAL_WRITES where the backend cannot.
   */
  writeIfAbsent(key: string, value: Uint8Array, options: CallOptions): Promise<'written' | 'exists'>;
  /** A missing key is no error. Safe to repeat. */
  remove(key: string, options: CallOptions): Promise<void>;
  /** Keys that start with `prefix`, in order, at most `limit`. Safe to repeat. */
  list(prefix: string, limit: number, options: CallOptions): Promise<readonly string[]>;
  /** All values whose keys start with `prefix`, in order, with when each was written last. Safe to repeat. */
  entries(prefix: string, options: CallOptions): AsyncIterable<BlobEntry>;
}

export interface BlobEntry {
  readonly key: string;
  /** By the backend's clock, ms UTC; an S3 service tells whole seconds. */
  readonly writtenAt: number;
}

/** The same values in chunks, with memory for a few of them only, however big the value is. */
export interface BlobStreams {
  /**
   * The bytes in chunks, or `undefined` when there is no such key. What is checked on a read is checked at the end:
   * the last step throws BLOB_CORRUPT, or BLOB_UNAVAILABLE when bytes are missing. Whoever opens it reads it or leaves
   * its loop; an aborted signal ends it.
   */
  openRead(key: string, options: CallOptions): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Writes what the source gives, atomically; replaces. When the source fails, everything is as before. */
  writeFrom(key: string, source: AsyncIterable<Uint8Array>, options: CallOptions): Promise<void>;
  /** Writes under `{prefix}/{sha256 of the bytes}`; the same bytes are kept once. Safe to repeat. */
  putContent(prefix: string, source: AsyncIterable<Uint8Array>, options: CallOptions): Promise<StoredContent>;
}

export interface StoredContent {
  readonly key: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What an adapter gives: both views of the same values. */
export type BlobStore = Blobs & BlobStreams;
