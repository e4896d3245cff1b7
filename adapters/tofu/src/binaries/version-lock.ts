import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isCoded } from '@polar-gosling/kernel';
import { binaryErrors } from '@polar-gosling/ports/binaries';
import { withFileLock } from '../file-lock.ts';
import { reasonOf } from './download.ts';
import type { Program } from './program.ts';

export interface LockedVersion {
  readonly binDir: string;
  readonly kind: Program['kind'];
  readonly version: string;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs `action` with an empty folder, while nobody else on this host changes that version. What a process that was
 * killed at it left goes first. Fails with BINARY_UNWRITABLE, KERNEL_TIMED_OUT, or as `action` does.
 */
export async function withVersionLock<Result>(
  at: LockedVersion,
  action: (work: string) => Promise<Result>,
): Promise<Result> {
  const { binDir, kind, version, signal } = at;
  try {
    await mkdir(binDir, { recursive: true, mode: 0o700 });
    return await withFileLock(join(binDir, `.${kind}-${version}.lock`), at, () => inWorkFolder(at, action));
  } catch (error) {
    if (isCoded(error) || signal.aborted) throw error;
    throw binaryErrors.unwritable({ path: binDir, reason: reasonOf(error) }, { cause: error });
  }
}

async function inWorkFolder<Result>(
  { binDir, kind, version }: LockedVersion,
  action: (work: string) => Promise<Result>,
): Promise<Result> {
  // No version holds a plus sign: `1.12.0` is not taken for the beginning of `1.12.0-rc1`.
  const prefix = `.fetch-${kind}-${version}+`;
  for (const name of await readdir(binDir)) {
    if (name.startsWith(prefix)) await rm(join(binDir, name), { recursive: true, force: true });
  }
  const work = await mkdtemp(join(binDir, prefix));
  try {
    return await action(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The version whose work folder that is, if it is one. */
export function versionOfWork(kind: Program['kind'], name: string): string | undefined {
  const start = `.fetch-${kind}-`;
  return name.startsWith(start) ? name.slice(start.length).split('+')[0] : undefined;
}
