import type { Dirent } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Blobs, blobErrors, checkBlobKey, checkBlobPrefix } from '@polar-gosling/ports/blobs';
import { codeOf, createFile, partialMark, replaceFile } from './write-file.ts';

/** Each key a file below `dir`, 0600. A key that names a folder of other keys is refused with BLOB_BAD_KEY. */
export function createDirectoryBlobs(options: { dir: string }): Blobs {
  const pathOf = (key: string) => join(options.dir, checkBlobKey(key));
  return {
    async read(key, { signal }) {
      signal.throwIfAborted();
      return orMissing('read', async () => new Uint8Array(await readFile(pathOf(key), { signal })));
    },
    async write(key, value, { signal }) {
      signal.throwIfAborted();
      await writing(key, () => replaceFile(pathOf(key), value));
    },
    async writeIfAbsent(key, value, { signal }) {
      signal.throwIfAborted();
      return writing(key, () => createFile(pathOf(key), value));
    },
    async remove(key, { signal }) {
      signal.throwIfAborted();
      await orMissing('remove', () => rm(pathOf(key)));
    },
    async list(prefix, limit, { signal }) {
      const folder = checkBlobPrefix(prefix).includes('/') ? dirname(`${prefix}x`) : '';
      const found: string[] = [];
      for await (const key of keysIn(options.dir, folder)) {
        signal.throwIfAborted();
        if (!key.startsWith(prefix)) continue;
        if (found.length === limit) break;
        found.push(key);
      }
      return found;
    },
  };
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
  return isSystems ? blobErrors.unavailable({ op }, { cause: error }) : error;
}
