import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '@polar-gosling/kernel';

/** Marks a file that is not whole yet; never part of a key or of a name of ours. */
export const partialMark = '~';

/** What a file is made of: all of it, or chunks as they come. */
export type FileContent = Uint8Array | string | AsyncIterable<Uint8Array>;

/** Replaces the file in one step, 0600, safe on disk when it resolves. */
export async function replaceFile(path: string, content: FileContent): Promise<void> {
  const partial = await writePartial(path, content);
  try {
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes the file where there is none; `exists` otherwise. Nobody ever sees a part of it. */
export async function createFile(path: string, content: FileContent): Promise<'written' | 'exists'> {
  const partial = await writePartial(path, content);
  return linkFile(partial, path);
}

/** Gives a whole file (of `writePartial`) its name where that is free; removes the partial one either way. */
export async function linkFile(partial: string, path: string): Promise<'written' | 'exists'> {
  try {
    await link(partial, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return 'exists';
  } finally {
    await rm(partial, { force: true });
  }
  await syncDirectory(dirname(path));
  return 'written';
}

/** Writes and syncs a file beside `path` under a name that is no key; removes it when that fails. */
export async function writePartial(path: string, content: FileContent): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}${partialMark}${randomBytes(6).toString('hex')}`;
  const file = await open(partial, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return partial;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
