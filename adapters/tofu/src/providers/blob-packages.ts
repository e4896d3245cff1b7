import { mkdir, open, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isCoded, startSha256 } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { Filling } from './filling.ts';
import type { KnownPackage } from './ledger.ts';
import { archiveName, blobKeyOf, type ProviderPackage } from './package-place.ts';
import { zipFolder } from './zip-folder.ts';

type At = Pick<Filling, 'blobs' | 'ledger' | 'logger' | 'use'>;

/**
 * Copies a package from Blobs into a packed mirror. False where it is not there any more, cannot be read, or is not what
 * the store says: then nothing of it is used.
 */
export async function bringPackage(
  at: At,
  { wanted, packed }: { wanted: KnownPackage; packed: string },
  options: CallOptions,
): Promise<boolean> {
  const key = blobKeyOf(wanted);
  const path = join(packed, ...wanted.source.split('/'), archiveName(wanted));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const chunks = await at.blobs.openRead(key, options);
    if (chunks === undefined) return false;
    if ((await writeChunks(path, chunks)) === wanted.sha256) return true;
    at.use('providers', 'corrupt');
    at.logger.error('a kept provider is not what was put there; it is not used', { key });
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isCoded(error)) throw error;
    at.use('providers', isCoded(error, 'BLOB_CORRUPT') ? 'corrupt' : 'failed');
    at.logger.error('a kept provider cannot be read; it is not used', { key, error });
  }
  await rm(path, { force: true });
  return false;
}

/** Keeps an installed package in Blobs. A run does not fail because that fails: its providers are here. */
export async function keepPackage(
  at: At,
  { wanted, folder }: { wanted: ProviderPackage; folder: string },
  options: CallOptions,
): Promise<void> {
  const key = blobKeyOf(wanted);
  const seen = { hash: startSha256(), sizeBytes: 0 };
  try {
    await at.blobs.writeFrom(key, counting(zipFolder(await realpath(folder)), seen), options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isCoded(error)) throw error;
    at.use('providers', 'failed');
    at.logger.warn('a provider could not be kept in Blobs; it will be fetched again', { key, error });
    return;
  }
  const { hash, sizeBytes } = seen;
  await at.ledger.keepPackage({ ...wanted, sha256: hash.hex(), sizeBytes }, options);
}

async function* counting(
  chunks: AsyncIterable<Uint8Array>,
  seen: { hash: ReturnType<typeof startSha256>; sizeBytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    seen.hash.update(chunk);
    seen.sizeBytes += chunk.length;
    yield chunk;
  }
}

async function writeChunks(path: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = startSha256();
  const file = await open(path, 'w', 0o600);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return hash.hex();
}
