import { chmod, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isCoded } from '@polar-gosling/kernel';
import { binaryErrors, isVersion } from '@polar-gosling/ports/binaries';
import { pinnedTofu } from '../pinned.ts';
import { readActive, writeActive } from './active.ts';
import type { Program } from './program.ts';
import { sha256OfFile } from './sha256-of-file.ts';
import { versionOfWork, withVersionLock } from './version-lock.ts';

const lockWaitMs = 20 * 60_000;
/** Several installations may share the folder: each of them marks what is its own as used. */
const unusedMs = 7 * 86_400_000;

/** The versions of one program on this host: `{program}-{version}`. */
export interface HostFolder {
  pathOf(version: string): string;
  /** Runs `action` with an empty folder, while nobody else on this host changes that version. */
  locked<Result>(
    version: string,
    signal: AbortSignal,
    action: (work: string) => Promise<Result>,
  ): Promise<Result>;
  put(file: string, version: string): Promise<void>;
  use(version: string, signal: AbortSignal): Promise<void>;
  remove(version: string, signal: AbortSignal): Promise<void>;
  tidy(versions: ReadonlySet<string>, signal: AbortSignal): Promise<void>;
}

export function createHostFolder(of: {
  readonly program: Program;
  readonly binDir: string;
  readonly clock: Clock;
}): HostFolder {
  const { program, binDir, clock } = of;
  const { kind } = program;
  const pathOf = (version: string) => join(binDir, `${kind}-${version}`);
  const locked: HostFolder['locked'] = (version, signal, action) =>
    withVersionLock({ binDir, kind, version, clock, waitMs: lockWaitMs, signal }, action);
  return {
    pathOf,
    locked,
    async put(file, version) {
      await chmod(file, 0o755);
      await flush(file);
      await rename(file, pathOf(version));
    },
    // Not under the version's lock: a run does not wait for an installation of what is here already.
    use: (version, signal) =>
      locked('active', signal, async (work) => {
        if ((await sha256OfFile(pathOf(version))) === undefined) {
          throw binaryErrors.unknownVersion({ what: program.title, version });
        }
        await writeActive(binDir, kind, { version, work });
      }),
    remove: (version, signal) => locked(version, signal, () => rm(pathOf(version), { force: true })),
    tidy: (versions, signal) => tidy({ binDir, kind, clock, versions, pathOf }, signal),
  };
}

interface Tidying {
  readonly binDir: string;
  readonly kind: Program['kind'];
  readonly clock: Clock;
  readonly versions: ReadonlySet<string>;
  pathOf(version: string): string;
}

async function tidy(at: Tidying, signal: AbortSignal): Promise<void> {
  const { binDir, kind, clock, versions, pathOf } = at;
  const names = await readdir(binDir);
  const kept = new Set([await readActive(binDir, kind), ...(kind === 'tofu' ? [pinnedTofu.version] : [])]);
  const here = names.flatMap((name) => versionOfBinary(kind, name) ?? []);
  for (const version of here.filter((one) => versions.has(one))) await touch(pathOf(version), clock.now());
  const spare = here.filter((version) => !versions.has(version) && !kept.has(version));
  const left = names.flatMap((name) => versionOfWork(kind, name) ?? []);
  for (const version of new Set([...spare, ...left])) {
    try {
      await withVersionLock({ binDir, kind, version, clock, waitMs: 0, signal }, async () => {
        const path = pathOf(version);
        if (spare.includes(version) && (await isUnused(path, clock.now()))) await rm(path, { force: true });
      });
    } catch (error) {
      if (!isCoded(error, 'KERNEL_TIMED_OUT')) throw error; // somebody is at it
    }
  }
}

function versionOfBinary(kind: Program['kind'], name: string): string | undefined {
  const version = name.startsWith(`${kind}-`) ? name.slice(kind.length + 1) : '';
  return isVersion(version) ? version : undefined;
}

/** Notes that it is used, also where the file system does not. The time of its content stays. */
async function touch(path: string, now: number): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) await utimes(path, now / 1_000, found.mtimeMs / 1_000);
}

async function isUnused(path: string, now: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && now - Math.max(found.atimeMs, found.mtimeMs) > unusedMs;
}

/** On disk before it has its name: a power cut leaves no empty program. */
async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
