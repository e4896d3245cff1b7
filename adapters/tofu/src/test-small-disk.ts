// A real small disk for tests: a tmpfs in a mount namespace of its own, which ends with the process that writes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const noSmallDisk = 'mount namespaces (unshare, util-linux) are not permitted here';

/** How a mount namespace is made here: as root, or as a user that may be root in it; `undefined`: not at all. */
export function findUnshare(): readonly string[] | undefined {
  const probe = mkdtempSync(join(tmpdir(), 'probe-'));
  try {
    return [
      ['unshare', '-m'],
      ['unshare', '-Urm'],
    ].find(([program = '', ...flags]) => {
      try {
        execFileSync(program, [...flags, 'mount', '-t', 'tmpfs', 'tmpfs', probe], { stdio: 'ignore' });
        return true;
      } catch {
        return false; // not permitted
      }
    });
  } finally {
    rmdirSync(probe);
  }
}

/** The command that runs another one where `dir` is a disk of this size. */
export function onSmallDisk(
  unshare: readonly string[],
  { dir, size }: { dir: string; size: string },
  command: readonly string[],
): readonly string[] {
  const script = `mount -t tmpfs -o size=${size} tmpfs "$1" && shift && exec "$@"`;
  return [...unshare, 'sh', '-c', script, 'sh', dir, ...command];
}
