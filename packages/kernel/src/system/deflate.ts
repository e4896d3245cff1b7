import { deflateRawSync, inflateRawSync } from 'node:zlib';

export function deflate(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes);
}

/** Fails on bytes that are not ours and on what would become more than `maxBytes`. */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return inflateRawSync(bytes, { maxOutputLength: maxBytes });
}
