import { chmod, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isCoded } from '@polar-gosling/kernel';
import { type Build, binaryErrors } from '@polar-gosling/ports/binaries';
import { pinnedTofu } from '../pinned.ts';
import { readActive, writeActive } from './active.ts';
import { buildName, isBuildName, versionOf } from './build-name.ts';
import type { Program } from './program.ts';
import { sha256OfFile } from './sha256-of-file.ts';
import { versionOfWork, withVersionLock } from './version-lock.ts';

const lockWaitMs = 20 * 60_000;
/** Several installations may share the folder: each of them marks what is its own as used. */
const unusedMs = 7 * 86_400_000;

/** The versions of one program on this host: `{program}-{version}+{sha256}`. */
export interface HostFolder {
  /** The file of that build, also where an earlier release put it: `{program}-{version}`. Its bytes were looked at. */
  find(build: Build): Promise<string | undefined>;
  /** Runs `action` with an empty folder, while nobody else on this host changes that version. */
  locked<Result>(
    version: string,
    signal: AbortSignal,
    action: (work: string) => Promise<Result>,
  ): Promise<Result>;
  /** Answers its path. */
  put(file: string, build: Build): Promise<string>;
  use(build: Build, signal: AbortSignal): Promise<void>;
  tidy(builds: readonly Build[], signal: AbortSignal): Promise<void>;
}

export function createHostFolder(of: {
  readonly program: Program;
  readonly binDir: string;
  readonly clock: Clock;
}): HostFolder {
  const { program, binDir, clock } = of;
  const { kind } = program;
  const pathOf = (name: string) => join(binDir, `${kind}-${name}`);
  const findName = async (build: Build) => {
    for (const name of [buildName(build), build.version]) {
      if ((await sha256OfFile(pathOf(name))) === build.sha256) return name;
    }
    return undefined;
  };
  const locked: HostFolder['locked'] = (version, signal, action) =>
    withVersionLock({ binDir, kind, version, clock, waitMs: lockWaitMs, signal }, action);
  return {
    async find(build) {
      const name = await findName(build);
      return name && pathOf(name);
    },
    locked,
    async put(file, build) {
      const path = pathOf(buildName(build));
      await chmod(file, 0o755);
      await flush(file);
      await rename(file, path);
      return path;
    },
    // Not under the version's lock: a run does not wait for an installation of what is here already.
    use: (build, signal) =>
      locked('active', signal, async (work) => {
        const name = await findName(build);
        if (name === undefined) {
          throw binaryErrors.unknownVersion({ what: program.title, version: build.version });
        }
        await writeActive(binDir, kind, { name, work });
      }),
    tidy: (builds, signal) =>
      tidy({ binDir, kind, clock, keep: new Set(builds.map(buildName)), pathOf }, signal),
  };
}

interface Tidying {
  readonly binDir: string;
  readonly kind: Program['kind'];
  readonly clock: Clock;
  readonly keep: ReadonlySet<string>;
  pathOf(name: string): string;
}

async function tidy(at: Tidying, signal: AbortSignal): Promise<void> {
  const { binDir, kind, clock, keep, pathOf } = at;
  const names = await readdir(binDir);
  const kept = new Set([await readActive(binDir, kind), ...(kind === 'tofu' ? [pinnedTofu.version] : [])]);
  const here = names.flatMap((name) => nameOfBinary(kind, name) ?? []);
  for (const name of here.filter((one) => keep.has(one))) await touch(pathOf(name), clock.now());
  const spare = here.filter((name) => !keep.has(name) && !kept.has(name));
  const left = names.flatMap((name) => versionOfWork(kind, name) ?? []);
  for (const version of new Set([...spare.map(versionOf), ...left])) {
    try {
      await withVersionLock({ binDir, kind, version, clock, waitMs: 0, signal }, async () => {
        for (const path of spare.filter((name) => versionOf(name) === version).map(pathOf)) {
          if (await isUnused(path, clock.now())) await rm(path, { force: true });
        }
      });
    } catch (error) {
      if (!isCoded(error, 'KERNEL_TIMED_OUT')) throw error; // somebody is at it
    }
  }
}

function nameOfBinary(kind: Program['kind'], file: string): string | undefined {
  const name = file.startsWith(`${kind}-`) ? file.slice(kind.length + 1) : '';
  return isBuildName(name) ? name : undefined;
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
