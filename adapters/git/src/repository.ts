import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gitErrors } from '@polar-gosling/ports/git';
import { reasonOf } from './git-failure.ts';
import type { RunGit } from './git-process.ts';
import { hardenedArgs } from './hardened.ts';
import type { GitLimits } from './limits.ts';

const oldest = [2, 30] as const;
const wholenessCheck = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'];

/** The bare repository that keeps what was fetched. Nothing is ever checked out of it. */
export interface Repository {
  /** Makes it where it is missing; the first time also mends what a killed process left. */
  ensure(signal: AbortSignal): Promise<void>;
  /** Removes it; the next `ensure` starts anew. */
  wipe(): Promise<void>;
  sizeBytes(): Promise<number>;
}

export function createRepository(deps: {
  gitDir: string;
  run: RunGit;
  env: Readonly<Record<string, string>>;
  limits: GitLimits;
}): Repository {
  let isMended = false;
  const timeoutMs = deps.limits.localTimeoutMs;
  const run = (args: readonly string[], signal: AbortSignal) =>
    deps.run({ args: [...hardenedArgs, ...args], env: deps.env, timeoutMs }, { signal });
  const git = async (args: readonly string[], signal: AbortSignal) => {
    const result = await run(args, signal);
    if (result.exitCode === 0) return result.stdout;
    const reason = result.isTimedOut ? `not done within ${timeoutMs / 1000} s` : reasonOf(result.stderr);
    throw gitErrors.failed({ what: 'make its repository', reason });
  };
  const mend = async (signal: AbortSignal) => {
    await removeLeftovers(deps.gitDir);
    const { exitCode, isTimedOut } = await run(wholenessCheck, signal);
    if (exitCode !== 0 && !isTimedOut) await wipe();
  };
  const wipe = () => rm(deps.gitDir, { recursive: true, force: true });
  return {
    async ensure(signal) {
      if (!isMended && (await exists(deps.gitDir))) await mend(signal);
      isMended = true;
      if (await exists(join(deps.gitDir, 'HEAD'))) return;
      checkVersion(await git(['version'], signal));
      await mkdir(deps.gitDir, { recursive: true, mode: 0o700 });
      await git(['init', '--quiet', '--bare', '--template=', '--', deps.gitDir], signal);
    },
    wipe,
    sizeBytes: () => sizeOfTree(join(deps.gitDir, 'objects')),
  };
}

/** A lock whose owner was killed would stop every later fetch; its half packs only cost disk. */
async function removeLeftovers(gitDir: string): Promise<void> {
  const packs = join(gitDir, 'objects/pack');
  const names = await readdir(packs).catch(() => []);
  const halfPacks = names.filter((name) => name.startsWith('tmp_')).map((name) => join(packs, name));
  const locks = ['HEAD.lock', 'config.lock', 'packed-refs.lock', 'refs/gosling/head.lock'];
  for (const path of [...halfPacks, ...locks.map((name) => join(gitDir, name))]) {
    await rm(path, { force: true });
  }
}

function checkVersion(text: string): void {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text)?.slice(1) ?? []).map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) throw gitErrors.missing({});
}

async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined;
}

/** Files come and go while Git works: a missing one counts nothing. */
async function sizeOfTree(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  let total = 0;
  for (const entry of entries) {
    const path = join(dir, entry.name);
    total += entry.isDirectory() ? await sizeOfTree(path) : ((await sizeOf(path)) ?? 0);
  }
  return total;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}
