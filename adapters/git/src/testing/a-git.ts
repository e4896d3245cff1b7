import { join } from 'node:path';
import { createMasker, createSystemClock, silentLogger } from '@polar-gosling/kernel';
import type { GitReader } from '@polar-gosling/ports/git';
import { createGit, type GitDeps } from '../git.ts';
import type { LocalNest } from './local-nest.ts';

export const path = '/usr/local/bin:/usr/bin:/bin';

/** A reader with its data beside the Nest, which may read everything. */
export function aGitFor(nest: LocalNest, deps: Partial<GitDeps>): GitReader {
  return createGit({
    dir: join(nest.dir, 'data'),
    clock: createSystemClock(),
    logger: silentLogger,
    masker: createMasker(),
    allowFile: true,
    allowPrivate: true,
    env: { PATH: path },
    ...deps,
  });
}
