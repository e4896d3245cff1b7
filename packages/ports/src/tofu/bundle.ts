import { deflate, inflate, stableJson } from '@polar-gosling/kernel';
import { z } from 'zod';

/** Texts of a bundle's files by their path in it. */
export type BundleFiles = ReadonlyMap<string, string>;

const StoredFiles = z.record(z.string(), z.string());
/** Far above the biggest bundle: a shard holds ten entries. */
const mostBytes = 64 * 1024 * 1024;

/** A bundle as it is kept (`bundles/{sha256}`): equal files give equal bytes. */
export function packBundle(files: BundleFiles): Uint8Array {
  return deflate(new TextEncoder().encode(stableJson(Object.fromEntries(files))));
}

/** The files that were packed. Fails on bytes that `packBundle` did not make. */
export function unpackBundle(bytes: Uint8Array): BundleFiles {
  const text = new TextDecoder().decode(inflate(bytes, mostBytes));
  return new Map(Object.entries(StoredFiles.parse(JSON.parse(text))));
}
