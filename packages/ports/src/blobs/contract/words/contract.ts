import type { BlobEntry, BlobStore } from '../../blobs.ts';

export const options = { signal: new AbortController().signal };

export type Check = (title: string, test: (blobs: BlobStore) => Promise<void>) => void;

/** Changes what is stored under a key behind the store's back. */
export type Tamper = (key: string, value: Uint8Array) => Promise<void> | void;

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export async function entriesOf(blobs: BlobStore, prefix: string): Promise<BlobEntry[]> {
  const entries: BlobEntry[] = [];
  for await (const entry of blobs.entries(prefix, options)) entries.push(entry);
  return entries;
}

/** Chunks of text, one after the other. */
export async function* chunksOf(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield bytesOf(text);
}
