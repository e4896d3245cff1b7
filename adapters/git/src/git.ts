import { mkdir } from 'node:fs/promises';
import { join, resolve as resolvePath } from 'node:path';
import type { Clock, Logger, Masker } from '@polar-gosling/kernel';
import type { GitReader } from '@polar-gosling/ports/git';
import { fetchNest } from './fetch-nest.ts';
import { createGitRunner } from './git-process.ts';
import { hardenedEnv } from './hardened.ts';
import { askAncestor } from './is-ancestor.ts';
import { defaultLimits, type GitLimits } from './limits.ts';
import { readFlyFiles } from './read-fly-files.ts';
import { createRepository } from './repository.ts';
import { type Resolve, resolveBySystem } from './resolve-host.ts';
import { createTurns } from './turns.ts';

export interface GitDeps {
  /** Ours alone; made where it is missing. Holds a bare repository, learned host keys and short-lived session files. */
  readonly dir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly masker: Pick<Masker, 'mask'>;
  /** Allows `file:///` remotes. */
  readonly allowFile: boolean;
  /** Allows remotes on private and loopback addresses. */
  readonly allowPrivate: boolean;
  /** The host's environment; only PATH, proxies and certificate places are taken from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly gitBinary?: string;
  readonly sshBinary?: string;
  readonly limits?: Partial<GitLimits>;
  readonly resolve?: Resolve;
}

/** A reader of one Nest with the system's Git. One directory serves one process. */
export function createGit(deps: GitDeps): GitReader {
  const dir = resolvePath(deps.dir);
  const gitDir = join(dir, 'nest.git');
  const limits: GitLimits = { ...defaultLimits, ...deps.limits };
  const mask = (text: string) => deps.masker.mask(text);
  const run = createGitRunner({ binary: deps.gitBinary ?? 'git', cwd: dir, clock: deps.clock, mask });
  const env = hardenedEnv(deps.env, { gitDir, home: join(dir, 'home'), allowFile: deps.allowFile });
  const repository = createRepository({ gitDir, run, env, limits });
  const inTurn = createTurns();
  const makeDirs = () => mkdir(join(dir, 'home'), { recursive: true, mode: 0o700 });
  const local = { run, env, limits };
  return {
    async fetch(remote, { signal }) {
      await makeDirs();
      const { clock, logger, allowFile, allowPrivate } = deps;
      const { sshBinary = 'ssh', resolve = resolveBySystem } = deps;
      const shared = { clock, logger, allowFile, allowPrivate, sshBinary, resolve };
      return inTurn(() => fetchNest({ dir, run, env, repository, limits, ...shared }, remote, signal));
    },
    async readFlyFiles(commit, { signal }) {
      await makeDirs();
      return readFlyFiles(local, commit, signal);
    },
    async isAncestor(ancestor, commit, { signal }) {
      await makeDirs();
      return askAncestor(local, { ancestor, commit }, signal);
    },
  };
}
