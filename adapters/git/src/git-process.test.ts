import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMasker } from '@polar-gosling/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitDeps } from './git.ts';
import { aGitFor } from './testing/a-git.ts';
import { aliveInGroup } from './testing/alive-in-group.ts';
import { type LocalNest, makeLocalNest } from './testing/local-nest.ts';

const options = { signal: new AbortController().signal };
const egg = 'egg "a" {}\n';

let nest: LocalNest;
beforeEach(() => {
  nest = makeLocalNest();
});
afterEach(() => nest[Symbol.dispose]());

const aGit = (deps: Partial<GitDeps> = {}) => aGitFor(nest, deps);

describe('a git that does not come to an end', { timeout: 30_000 }, () => {
  function aGitThatHangsAt(command: string, first: string): string {
    const file = join(nest.dir, 'slow-git');
    const script = `case " $* " in *" ${command} "*) ${first}; sleep 600;; *) exec git "$@";; esac`;
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return file;
  }

  it('is stopped while it fetches too much', async () => {
    nest.commit({ 'Nest.fly': egg });
    const fill = 'head -c 300000 /dev/zero > "$GIT_DIR/objects/pack/tmp_pack_x"';
    const gitBinary = aGitThatHangsAt('fetch', fill);
    const git = aGit({ gitBinary, limits: { maxDiskBytes: 200_000 } });

    await expect(git.fetch({ url: nest.url }, options)).rejects.toMatchObject({ code: 'GIT_TOO_BIG' });

    expect(readdirSync(join(nest.dir, 'data/nest.git/objects/pack'))).toEqual([]);
  });

  it('is stopped while it reads', async () => {
    nest.commit({ 'Nest.fly': egg });
    const git = aGit({ gitBinary: aGitThatHangsAt('ls-tree', ':'), limits: { localTimeoutMs: 1_000 } });
    const { commit } = await git.fetch({ url: nest.url }, options);

    await expect(git.readFlyFiles(commit, options)).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });

  it('is ended with its children, even if it does not listen', async () => {
    nest.commit({ 'Nest.fly': egg });
    const pidFile = join(nest.dir, 'pid');
    const gitBinary = aGitThatHangsAt('fetch', `trap "" TERM; echo $$ > ${pidFile}`);
    const caller = new AbortController();
    const git = aGit({ gitBinary });

    const fetched = git.fetch({ url: nest.url }, { signal: caller.signal });
    await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8')).toMatch(/^\d+\n$/);
    caller.abort(new DOMException('stop', 'AbortError'));

    await expect(fetched).rejects.toThrow('stop');
    const group = Number(readFileSync(pidFile, 'utf8'));
    expect(aliveInGroup(group)).toEqual([]);
  });
});

describe('what git says of a failure', () => {
  it('is masked before it goes into an error', async () => {
    const masker = createMasker();
    masker.add('CANARY-of-the-deploy-key');
    const file = join(nest.dir, 'talking-git');
    const script =
      'echo "fatal: bad key CANARY-of-the-deploy-key, sent as Bearer q9Zr7Lk2Xv5Tn8Wb4Mj1" >&2; exit 128';
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });

    const refused: unknown = await aGit({ gitBinary: file, masker })
      .fetch({ url: nest.url }, options)
      .catch((error: unknown) => error);

    expect(String(refused)).toContain('bad key ***MASKED***, sent as Bearer ***MASKED***');
  });
});
