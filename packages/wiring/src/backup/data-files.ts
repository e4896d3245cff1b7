import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@polar-gosling/kernel';

export const databaseName = 'gosling.db';
export const secretsName = 'secrets.json.enc';
/** Folders of a data directory whose files are part of a backup. */
const folders = ['tofu-states', 'blobs'] as const;
/** Marks a file that its writer has not finished. */
const partialMark = '~';
const keyFolder = 'key';
/** Locks, with what SQLite puts beside them. */
const lockFile = /^(instance\.(lock|pid)|secrets\.lock)(-journal)?$/;

/** The states of OpenTofu or the blobs that a backup takes, by their paths below the data directory. */
export function dataFiles(dataDir: string, folder: (typeof folders)[number]): AsyncGenerator<string> {
  return filesBelow(dataDir, folder);
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(orNone);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${folder}/${entry.name}`;
    // A lock of OpenTofu belongs to a process that is not in the backup.
    const isLeftOut = entry.name.includes(partialMark) || entry.name.endsWith('.lock.info');
    if (entry.isDirectory()) yield* filesBelow(root, path);
    else if (entry.isFile() && !isLeftOut) yield path;
  }
}

/** May this path of a manifest be written? Nothing outside what a backup holds, whoever made the file. */
export function isDataPath(path: string): boolean {
  if (path === databaseName || path === secretsName) return true;
  const parts = path.split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\\0]/.test(part));
  return isPlain && parts.length > 1 && folders.some((folder) => folder === parts[0]);
}

/** Does the directory hold more than locks and the key that was put there for a restore? */
export async function isInUse(dataDir: string): Promise<boolean> {
  const names = await readdir(dataDir).catch(orNone);
  return names.some((name) => !lockFile.test(name) && name !== keyFolder);
}

function orNone(error: unknown): never[] {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
  throw error;
}
