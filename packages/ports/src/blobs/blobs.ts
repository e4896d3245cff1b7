import type { CallOptions } from '../call.ts';

/** Big values by key (`runs/{run}/log.jsonl`, `bundles/{sha256}`). Keys are relative, `/`-separated, never with `..`. */
export interface Blobs {
  /** The bytes, or `undefined` when there is no such key. */
  read(key: string, options: CallOptions): Promise<Uint8Array | undefined>;
  /** Writes the whole value, atomically; replaces. Safe to repeat. */
  write(key: string, value: Uint8Array, options: CallOptions): Promise<void>;
  /** Writes only where there is none; `exists` otherwise. */
  writeIfAbsent(key: string, value: Uint8Array, options: CallOptions): Promise<'written' | 'exists'>;
  remove(key: string, options: CallOptions): Promise<void>;
  /** Keys that start with `prefix`, in order, at most `limit`. */
  list(prefix: string, limit: number, options: CallOptions): Promise<readonly string[]>;
}
