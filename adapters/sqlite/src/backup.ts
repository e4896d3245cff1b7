import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup } from 'node:sqlite';
import { storeErrors } from '@polar-gosling/ports/store';
import { openForReading } from './open-database.ts';

/** All pages in one step: with several, every write in between would start the copy again. */
const allPages = 2 ** 31 - 1;

/** Copies the database to `target`, whole or not at all, readable for this user only. */
export async function backupTo(path: string, target: string): Promise<void> {
  const partial = `${target}.partial`;
  const source = openForReading(path);
  try {
    rmSync(partial, { force: true });
    closeSync(openSync(partial, 'ax', 0o600));
    await backup(source, partial, { rate: allPages });
    syncFile(partial);
    renameSync(partial, target);
    syncFile(dirname(target));
  } catch (error) {
    rmSync(partial, { force: true });
    throw storeErrors.unavailable({ op: 'backup' }, { cause: error });
  } finally {
    source.close();
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
