import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IdSource } from '@polar-gosling/kernel';

/**
 * Tells this host from another one of the same name. Made of the machine's own id, which containers may lack and clones
 * of one image share, and of one that is kept in the data directory, which two hosts may mount. Where that cannot be kept
 * it is this process's alone: nothing is then proved of its runs later, which is safe.
 */
export function readHostId(dataDir: string, ids: IdSource): string {
  const machine = readQuietly('/etc/machine-id') ?? '';
  return createHash('sha256')
    .update(`${machine.trim()} ${ownId(dataDir, ids)}`)
    .digest('hex')
    .slice(0, 16);
}

function ownId(dataDir: string, ids: IdSource): string {
  const path = join(dataDir, 'host-id');
  const made = ids.next();
  const draft = `${path}.${made}`;
  try {
    const kept = readQuietly(path);
    if (kept !== undefined) return kept;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(draft, made, { mode: 0o600 });
    linkSync(draft, path);
  } catch {
    // another process was first, or nothing can be written
  } finally {
    rmSync(draft, { force: true });
  }
  return readQuietly(path) ?? made;
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // there is none
  }
}
