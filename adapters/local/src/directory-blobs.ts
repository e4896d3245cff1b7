import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { codeOf, startSha256 } from '@polar-gosling/kernel';
import {
  type BlobStore,
  blobErrors,
  checkBlobKey,
  checkBlobPrefix,
  checkChunks,
  checkContent,
  contentKey,
} from '@polar-gosling/ports/blobs';
import { createFile, linkFile, partialMark, replaceFile, writePartial } from './write-file.ts';

/**
 * Each key a file below `dir`, 0600. A key that names a folder of other keys is refused with BLOB_BAD_KEY. Bytes that
 * changed on the disk are noticed under content-addressed keys; a file has no room for the checksum of another one.
 */
export function createDirectoryBlobs(options: { dir: string }): BlobStore {
  const pathOf = (key: string) => join(options.dir, checkBlobKey(key));
  return {
    async read(key, { signal }) {
      signal.throwIfAborted();
      const bytes = await orMissing('read', () => readFile(pathOf(key), { signal }));
      return bytes && checkContent(key, new Uint8Array(bytes));
    },
    async write(key, value, { signal }) {
      signal.throwIfAborted();
      await writing(key, () => replaceFile(pathOf(key), checkContent(key, value)));
    },
    async writeIfAbsent(key, value, { signal }) {
      signal.throwIfAborted();
      return writing(key, () => createFile(pathOf(key), checkContent(key, value)));
    },
    async openRead(key, { signal }) {
      signal.throwIfAborted();
      const chunks = await orMissing('read', () => openChunks(pathOf(key), signal));
      return chunks && checkChunks(key, chunks);
    },
    async writeFrom(key, source, { signal }) {
      signal.throwIfAborted();
      await writing(key, () => replaceFile(pathOf(key), checkChunks(key, untilAborted(source, signal))));
    },
    async putContent(prefix, source, { signal }) {
      signal.throwIfAborted();
      const folder = pathOf(prefix);
      return writing(prefix, async () => {
        const seen = { hash: startSha256(), sizeBytes: 0 };
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const partial = await writePartial(join(folder, 'content'), counting(source, seen, signal));
        const sha256 = seen.hash.hex();
        const key = contentKey(prefix, sha256);
        await linkFile(partial, pathOf(key));
        return { key, sha256, sizeBytes: seen.sizeBytes };
      });
    },
    async remove(key, { signal }) {
      signal.throwIfAborted();
      await orMissing('remove', () => rm(pathOf(key)));
    },
    async list(prefix, limit, { signal }) {
      const found: string[] = [];
      for await (const key of keysFrom(options.dir, prefix, signal)) {
        if (found.length === limit) break;
        found.push(key);
      }
      return found;
    },
    async *entries(prefix, { signal }) {
      for await (const key of keysFrom(options.dir, prefix, signal)) {
        const found = await orMissing('list', () => stat(pathOf(key)));
        // Removed since its folder was read.
        if (found !== undefined) yield { key, writtenAt: Math.floor(found.mtimeMs) };
      }
    },
  };
}

/** The file's bytes; opened before this resolves, so that a missing one is known, and closed at their end. */
async function openChunks(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
  const file = await open(path, 'r');
  if ((await file.stat()).isFile()) return untilAborted(file.createReadStream(), signal);
  await file.close();
  return undefined;
}

async function* untilAborted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
}

async function* counting(
  source: AsyncIterable<Uint8Array>,
  seen: { readonly hash: ReturnType<typeof startSha256>; sizeBytes: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of untilAborted(source, signal)) {
    seen.hash.update(chunk);
    seen.sizeBytes += chunk.length;
    yield chunk;
  }
}

async function* keysFrom(root: string, prefix: string, signal: AbortSignal): AsyncGenerator<string> {
  const folder = checkBlobPrefix(prefix).includes('/') ? dirname(`${prefix}x`) : '';
  for await (const key of keysIn(root, folder)) {
    signal.throwIfAborted();
    if (key.startsWith(prefix)) yield key;
  }
}

/** Keys in the order of their text: a folder stands where its name and the slash would. */
async function* keysIn(root: string, folder: string): AsyncGenerator<string> {
  const entries = await orMissing('list', () => readdir(join(root, folder), { withFileTypes: true }));
  const names = (entries ?? []).filter(({ name }) => !name.includes(partialMark)).map(nameInOrder);
  for (const name of names.toSorted()) {
    const key = folder === '' ? name : `${folder}/${name}`;
    if (name.endsWith('/')) yield* keysIn(root, key.slice(0, -1));
    else yield key;
  }
}

function nameInOrder(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

async function orMissing<Result>(op: string, action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action();
  } catch (error) {
    if (isAny(error, ['ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR'])) return undefined;
    throw unavailable(op, error);
  }
}

async function writing<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (isAny(error, ['ENOTDIR', 'EISDIR', 'EEXIST'])) throw blobErrors.badKey({ key }, { cause: error });
    throw unavailable('write', error);
  }
}

function isAny(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(codeOf(error) ?? '');
}

/** Only what the file system says is the store's failure; an abort or a refused key stays what it is. */
function unavailable(op: string, error: unknown): unknown {
  const isSystems = codeOf(error)?.startsWith('E') === true;
  return isSystems ? blobErrors.unavailable({ op: `${op}${reasonOf(error)}` }, { cause: error }) : error;
}

/** In words, without the path. */
function reasonOf(error: unknown): string {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
  return typeof errno === 'number' ? ` (${getSystemErrorMessage(errno)})` : '';
}
