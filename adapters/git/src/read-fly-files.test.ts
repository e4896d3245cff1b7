import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitDeps } from './git.ts';
import { aGitFor, path } from './testing/a-git.ts';
import { type LocalNest, makeLocalNest } from './testing/local-nest.ts';

const options = { signal: new AbortController().signal };
const egg = 'egg "a" {}\n';

let nest: LocalNest;
beforeEach(() => {
  nest = makeLocalNest();
});
afterEach(() => nest[Symbol.dispose]());

const aGit = (deps: Partial<GitDeps> = {}) => aGitFor(nest, deps);

describe('reading a Nest', { timeout: 30_000 }, () => {
  async function read(deps: Partial<GitDeps> = {}) {
    const git = aGit(deps);
    const { commit } = await git.fetch({ url: nest.url }, options);
    return git.readFlyFiles(commit, options);
  }

  it('gives the .fly files of the commit, wherever they are', async () => {
    const old = nest.commit({ 'Nest.fly': 'old\n' });
    nest.commit({
      'Nest.fly': egg,
      'Eggs/a/config.fly': 'ünïcode ✓\r\n\uFEFF',
      'Eggs/with space/ü.fly': '',
      'README.md': '# no',
      'Jobs/x.fly.bak': 'no',
    });
    const git = aGit();
    const { commit } = await git.fetch({ url: nest.url }, options);

    const { files, leftOut } = await git.readFlyFiles(commit, options);

    expect(leftOut).toEqual([]);
    expect(Object.fromEntries(files.map(({ path: at, text }) => [at, text]))).toEqual({
      'Nest.fly': egg,
      'Eggs/a/config.fly': 'ünïcode ✓\r\n\uFEFF',
      'Eggs/with space/ü.fly': '',
    });
    await expect(git.readFlyFiles(old, options)).resolves.toMatchObject({ files: [{ text: 'old\n' }] });
  });

  it('gives nothing of a commit without .fly files', async () => {
    nest.commit({ 'README.md': 'x' });

    await expect(read()).resolves.toEqual({ files: [], leftOut: [] });
  });

  it('refuses what is no commit it has', async () => {
    nest.commit({ 'Nest.fly': egg });
    const git = aGit();
    await git.fetch({ url: nest.url }, options);

    for (const commit of ['HEAD', '--help', 'main', '', '0'.repeat(40)]) {
      await expect(git.readFlyFiles(commit, options)).rejects.toMatchObject({ code: 'GIT_FAILED' });
    }
  });

  it('leaves out links and names them, and says of files that cannot be read that they are there', async () => {
    nest.write({
      'Nest.fly': egg,
      'Eggs/big.fly': Buffer.alloc(1_048_577, 'a'),
      'Eggs/just.fly': Buffer.alloc(1_048_576, 'a'),
      'Eggs/latin.fly': Buffer.from([0xe9, 0x0a]),
    });
    symlinkSync('/etc/passwd', join(nest.path, 'Eggs/out.fly'));
    symlinkSync('..', join(nest.path, 'Jobs'));
    nest.commit();

    const { files, leftOut } = await read();

    expect(
      Object.fromEntries(files.map(({ path: at, text, sizeBytes }) => [at, [text.length, sizeBytes]])),
    ).toEqual({
      'Eggs/big.fly': [0, 1_048_577],
      'Eggs/just.fly': [1_048_576, undefined],
      'Eggs/latin.fly': [2, undefined],
      'Nest.fly': [egg.length, undefined],
    });
    expect(files.find(({ path: at }) => at === 'Eggs/latin.fly')?.text).toBe('\ufffd\n');
    expect(leftOut.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'Eggs/out.fly', reason: 'a symbolic link' },
      { path: 'Jobs', reason: 'a symbolic link' },
    ]);
  });

  it('names a submodule', async () => {
    nest.write({ 'Nest.fly': egg });
    nest.git('add', '--all');
    nest.git('update-index', '--add', '--cacheinfo', `160000,${'a'.repeat(40)},UF`);
    nest.git('commit', '--quiet', '--message', 'submodule');

    const { leftOut } = await read();

    expect(leftOut).toEqual([{ path: 'UF', reason: 'a submodule' }]);
  });

  it('runs no hook, no filter and no command of the repository it reads', async () => {
    const owned = join(nest.dir, 'owned');
    const evil = `touch ${owned}`;
    nest.git('config', 'filter.evil.smudge', evil);
    nest.git('config', 'filter.evil.process', evil);
    nest.git('config', 'core.fsmonitor', evil);
    nest.git('config', 'uploadpack.packObjectsHook', evil);
    nest.git('config', 'core.alternateRefsCommand', evil);
    const hook = `#!/bin/sh\n${evil}\n`;
    for (const name of ['post-checkout', 'post-merge', 'reference-transaction', 'fsmonitor-watchman']) {
      writeFileSync(join(nest.path, '.git/hooks', name), hook, { mode: 0o755 });
    }
    nest.write({
      'Nest.fly': egg,
      '.gitattributes': '*.fly filter=evil diff=evil text eol=crlf\n* filter=lfs\n',
      '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::${evil}\n\tupdate = !${evil}\n`,
      '.lfsconfig': `[lfs]\n\turl = ext::${evil}\n`,
      'hooks/post-checkout': hook,
    });
    nest.git(
      '-c',
      'core.hooksPath=/dev/null',
      '-c',
      'core.fsmonitor=false',
      'add',
      '--all',
      '--',
      '.gitmodules',
    );
    nest.git(
      '-c',
      'core.hooksPath=/dev/null',
      '-c',
      'core.fsmonitor=false',
      'commit',
      '--quiet',
      '-m',
      'evil',
    );
    const tree = nest.git('-c', 'core.fsmonitor=false', 'hash-object', '-w', '--no-filters', 'Nest.fly');
    nest.git('-c', 'core.fsmonitor=false', 'update-index', '--add', '--cacheinfo', `100644,${tree},Nest.fly`);
    nest.git(
      '-c',
      'core.hooksPath=/dev/null',
      '-c',
      'core.fsmonitor=false',
      'commit',
      '--quiet',
      '-m',
      'evil',
    );

    const { files } = await read();

    expect(files).toEqual([{ path: 'Nest.fly', text: egg }]);
    expect(existsSync(owned)).toBe(false);
  });

  it('keeps to the machine-independent settings', async () => {
    nest.commit({ 'Nest.fly': egg });
    const owned = join(nest.dir, 'owned');
    const gitBinary = join(nest.dir, 'spy-git');
    writeFileSync(gitBinary, `#!/bin/sh\nenv >> ${join(nest.dir, 'env')}\nexec git "$@"\n`, { mode: 0o755 });

    await read({
      gitBinary,
      env: {
        PATH: path,
        HOME: '/root',
        SSH_AUTH_SOCK: '/tmp/agent',
        GIT_SSH_COMMAND: `touch ${owned}`,
        GIT_CONFIG_PARAMETERS: `'core.fsmonitor=touch ${owned}'`,
        GOSLING_MASTER_KEY: 'secret',
      },
    });

    const seen = readFileSync(join(nest.dir, 'env'), 'utf8');
    expect(seen).toContain('GIT_TERMINAL_PROMPT=0');
    expect(seen).toContain('GIT_ALLOW_PROTOCOL=https:ssh:file');
    expect(seen).not.toMatch(/SSH_AUTH_SOCK|GOSLING|GIT_CONFIG_PARAMETERS='core.fsmonitor|HOME=\/root/);
    expect(existsSync(owned)).toBe(false);
  });

  it.each([[{ maxFiles: 1 }], [{ maxTotalBytes: 15 }], [{ maxTreeEntries: 1 }]])(
    'refuses a Nest beyond %j',
    async (limits) => {
      nest.commit({ 'Nest.fly': egg, 'MG/config.fly': egg });

      await expect(read({ limits })).rejects.toMatchObject({ code: 'GIT_TOO_BIG' });
    },
  );

  it('leaves out a path that leads out of the Nest', async () => {
    const blob = nest.git('hash-object', '-w', '--stdin', '--no-filters', '-t', 'blob');
    writeFileSync(
      join(nest.dir, 'tree'),
      Buffer.concat([Buffer.from('40000 ..\0'), Buffer.from(inner(blob), 'hex')]),
    );
    const tree = nest.git('hash-object', '-w', '-t', 'tree', '--literally', join(nest.dir, 'tree'));
    const commit = nest.git('commit-tree', '-m', 'evil', tree);
    nest.git('update-ref', 'refs/heads/main', commit);

    await expect(read()).resolves.toEqual({
      files: [],
      leftOut: [{ path: '../x.fly', reason: 'its path is not plain' }],
    });
  });

  function inner(blob: string): string {
    writeFileSync(
      join(nest.dir, 'inner'),
      Buffer.concat([Buffer.from('100644 x.fly\0'), Buffer.from(blob, 'hex')]),
    );
    return nest.git('hash-object', '-w', '-t', 'tree', '--literally', join(nest.dir, 'inner'));
  }
});
