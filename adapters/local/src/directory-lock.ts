import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLock, tryLock } from './file-lock.ts';

/** A data directory that is this process's alone until `release`, or until the process ends, however it ends. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes the directory for this process; `taken` names the one that has it. The lock is SQLite's own on an empty file:
 * the kernel ends it with its process, so there is nothing stale to judge.
 */
export function lockDirectory(dir: string, pid: number): DirectoryLock | { readonly takenBy: string } {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'instance.lock');
  const pidPath = join(dir, 'instance.pid');
  const db = openLock(path);
  if (!tryLock(db)) {
    db.close();
    return { takenBy: readPid(pidPath) };
  }
  writeFileSync(pidPath, String(pid), { mode: 0o600 });
  return { release: () => db.close() };
}

function readPid(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '?';
  }
}
