import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitDeps } from './git.ts';
import { aGitFor } from './testing/a-git.ts';
import { type LocalNest, makeLocalNest } from './testing/local-nest.ts';

const options = { signal: new AbortController().signal };
const egg = 'egg "a" {}\n';

let nest: LocalNest;
beforeEach(() => {
  nest = makeLocalNest();
});
afterEach(() => nest[Symbol.dispose]());

const aGit = (deps: Partial<GitDeps> = {}) => aGitFor(nest, deps);

describe('a directory that lived through a crash', { timeout: 30_000 }, () => {
  const gitDir = () => join(nest.dir, 'data/nest.git');

  it('is used again although a lock and half a pack were left', async () => {
    const first = nest.commit({ 'Nest.fly': egg });
    await aGit().fetch({ url: nest.url }, options);
    writeFileSync(join(gitDir(), 'refs/gosling/head.lock'), '');
    writeFileSync(join(gitDir(), 'objects/pack/tmp_pack_x'), 'half');
    const second = nest.commit({ 'Nest.fly': 'two\n' });

    const git = aGit();
    await expect(git.fetch({ url: nest.url }, options)).resolves.toMatchObject({ commit: second });

    await expect(git.isAncestor(first, second, options)).resolves.toBe('yes');
    expect(existsSync(join(gitDir(), 'objects/pack/tmp_pack_x'))).toBe(false);
  });

  it.each(['HEAD', 'refs', 'objects'])('is made anew when its %s is gone', async (part) => {
    const commit = nest.commit({ 'Nest.fly': egg });
    await aGit().fetch({ url: nest.url }, options);
    rmSync(join(gitDir(), part), { recursive: true });

    const git = aGit();
    await expect(git.fetch({ url: nest.url }, options)).resolves.toMatchObject({ commit });

    await expect(git.readFlyFiles(commit, options)).resolves.toMatchObject({ files: [{ text: egg }] });
  });

  it('runs no hook that someone put into it', async () => {
    nest.commit({ 'Nest.fly': egg });
    const git = aGit();
    await git.fetch({ url: nest.url }, options);
    const owned = join(nest.dir, 'owned');
    mkdirSync(join(gitDir(), 'hooks'));
    const hook = `#!/bin/sh\ntouch ${owned}\n`;
    writeFileSync(join(gitDir(), 'hooks/reference-transaction'), hook, { mode: 0o755 });
    nest.commit({ 'Nest.fly': 'two\n' });

    await git.fetch({ url: nest.url }, options);

    expect(existsSync(owned)).toBe(false);
  });

  it('loses the key of a killed process once it is too old to be in use', async () => {
    nest.commit({ 'Nest.fly': egg });
    const git = aGit();
    await git.fetch({ url: nest.url }, options);
    const [old, young] = ['session-old', 'session-young'].map((name) => join(nest.dir, 'data', name));
    for (const dir of [old, young]) mkdirSync(dir ?? '');
    utimesSync(old ?? '', 0, 0);

    await git.fetch({ url: nest.url }, options);

    expect([existsSync(old ?? ''), existsSync(young ?? '')]).toEqual([false, true]);
  });
});
