import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
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

describe('fetching a Nest', { timeout: 30_000 }, () => {
  it("finds the remote's own branch and names its newest commit", async () => {
    nest[Symbol.dispose]();
    nest = makeLocalNest({ branch: 'trunk' });
    const commit = nest.commit({ 'Nest.fly': egg });

    const fetched = await aGit().fetch({ url: nest.url }, options);

    expect(fetched).toEqual({ commit, branch: 'trunk', committedAt: Date.UTC(2026, 0, 2, 3, 4, 5) });
  });

  it('fetches the branch it is told, and again after it moved', async () => {
    nest.commit({ 'Nest.fly': egg });
    nest.git('switch', '--quiet', '--create', 'release/1');
    const first = nest.commit({ 'Nest.fly': 'one\n' });
    const git = aGit();

    expect(await git.fetch({ url: nest.url, branch: 'release/1' }, options)).toMatchObject({ commit: first });
    const second = nest.commit({ 'Nest.fly': 'two\n' });
    expect(await git.fetch({ url: nest.url, branch: 'release/1' }, options)).toMatchObject({
      commit: second,
      branch: 'release/1',
    });
  });

  it('keeps two fetches at once apart', async () => {
    const commit = nest.commit({ 'Nest.fly': egg });
    nest.git('branch', 'main/is/no/prefix-of-this'.replaceAll('main', 'other'));
    const git = aGit();

    const [one, other] = await Promise.all([
      git.fetch({ url: nest.url }, options),
      git.fetch({ url: nest.url, branch: 'other/is/no/prefix-of-this' }, options),
    ]);

    expect([one.commit, other.commit]).toEqual([commit, commit]);
    expect(other.branch).toBe('other/is/no/prefix-of-this');
  });

  it('says that a branch is missing, or the whole repository empty', async () => {
    const empty = aGit().fetch({ url: nest.url }, options);
    await expect(empty).rejects.toMatchObject({ code: 'GIT_EMPTY_REPOSITORY' });
    nest.commit({ 'Nest.fly': egg });

    const missing = aGit().fetch({ url: nest.url, branch: 'nope' }, options);

    await expect(missing).rejects.toMatchObject({ code: 'GIT_EMPTY_REPOSITORY', params: { branch: 'nope' } });
  });

  it('says that there is nothing at the URL', async () => {
    const fetched = aGit().fetch({ url: `file://${nest.dir}/nowhere` }, options);

    await expect(fetched).rejects.toMatchObject({ code: 'GIT_UNREACHABLE', retry: 'backoff' });
  });

  it('says that there is no git', async () => {
    const fetched = aGit({ gitBinary: 'git-that-is-not-there' }).fetch({ url: nest.url }, options);

    await expect(fetched).rejects.toMatchObject({ code: 'GIT_MISSING' });
  });

  it('says that git is too old', async () => {
    const gitBinary = join(nest.dir, 'old-git');
    writeFileSync(gitBinary, '#!/bin/sh\necho git version 2.29.9\n', { mode: 0o755 });

    const fetched = aGit({ gitBinary }).fetch({ url: nest.url }, options);

    await expect(fetched).rejects.toMatchObject({ code: 'GIT_MISSING' });
  });

  it.each(['ext::sh -c "touch owned"', '--upload-pack=touch owned', 'http://gitlab.com/a', '/srv/nest'])(
    'refuses %s without starting git',
    async (url) => {
      const git = aGit({ gitBinary: 'git-that-is-not-there' });

      await expect(git.fetch({ url }, options)).rejects.toMatchObject({ code: 'GIT_REFUSED_URL' });
    },
  );

  it.each(['-main', '--upload-pack=touch owned', 'a:refs/heads/b', 'a b'])(
    'refuses the branch %s',
    async (branch) => {
      nest.commit({ 'Nest.fly': egg });

      const fetched = aGit().fetch({ url: nest.url, branch }, options);

      await expect(fetched).rejects.toMatchObject({ code: 'GIT_REFUSED_URL' });
    },
  );

  it.each([
    ['https://gitlab.test/a', ['10.0.0.1']],
    ['https://gitlab.test/a', ['127.0.0.1']],
    ['https://gitlab.test/a', ['93.184.216.34', '169.254.169.254']],
    ['ssh://git@gitlab.test/a', ['192.168.1.1']],
    ['git@gitlab.test:a', ['::1']],
    ['https://169.254.169.254/a', []],
    ['https://[::ffff:7f00:1]/a', []],
  ])('refuses %s at %j without starting git', async (url, addresses) => {
    const git = aGit({
      gitBinary: 'git-that-is-not-there',
      allowPrivate: false,
      resolve: async () => addresses,
    });

    await expect(git.fetch({ url }, options)).rejects.toMatchObject({ code: 'GIT_REFUSED_URL' });
  });

  it('connects to the address it has checked, whatever the name says later', async () => {
    const calls: number[] = [];
    const server = createServer((socket) => {
      calls.push(1);
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await expect.poll(() => server.listening).toBe(true);
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const git = aGit({ resolve: async () => ['127.0.0.1'] });

    const https = git.fetch({ url: `https://gitlab.invalid:${port}/a.git` }, options);
    await expect(https).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
    const byHttps = calls.length;
    const ssh = git.fetch({ url: `ssh://git@gitlab.invalid:${port}/a.git` }, options);
    await expect(ssh).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
    server.close();

    expect(byHttps).toBeGreaterThan(0);
    expect(calls.length).toBeGreaterThan(byHttps);
  });

  it('ends with the signal of its caller, and nothing stays behind', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await expect.poll(() => server.listening).toBe(true);
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const caller = new AbortController();
    let connected = false;
    server.on('connection', (socket) => {
      connected = true;
      socket.on('error', () => undefined);
      socket.on('close', () => server.close());
    });

    const url = `https://127.0.0.1:${port}/a.git`;
    const fetched = aGit().fetch({ url }, { signal: caller.signal });
    await expect.poll(() => connected).toBe(true);
    caller.abort(new DOMException('stop', 'AbortError'));

    await expect(fetched).rejects.toThrow('stop');
    await expect.poll(() => server.listening).toBe(false);
    expect(readdirSync(join(nest.dir, 'data')).filter((name) => name.startsWith('session-'))).toEqual([]);
  });

  it('gives up on a server that says nothing', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await expect.poll(() => server.listening).toBe(true);
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;

    const git = aGit({ limits: { fetchTimeoutMs: 300 } });
    const fetched = git.fetch({ url: `ssh://git@127.0.0.1:${port}/a.git` }, options);

    await expect(fetched).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
    await expect(fetched).rejects.toThrow('0.3 s');
    server.close();
  });

  it('stops at the disk limit, and frees the disk', async () => {
    const noise = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * 7919 * index) % 251));
    nest.commit({ 'Nest.fly': egg, 'noise.bin': noise });
    const git = aGit({ limits: { maxDiskBytes: 2_000 } });

    const fetched = git.fetch({ url: nest.url }, options);

    await expect(fetched).rejects.toMatchObject({ code: 'GIT_TOO_BIG' });
    const packs = readdirSync(join(nest.dir, 'data/nest.git/objects/pack'));
    expect(packs).toEqual([]);
  });
});

describe('asking for an ancestor', { timeout: 30_000 }, () => {
  it('tells a branch that went on from one that was rewound', async () => {
    const git = aGit();
    const first = nest.commit({ 'Nest.fly': 'one\n' });
    const second = nest.commit({ 'Nest.fly': 'two\n' });
    await git.fetch({ url: nest.url }, options);

    nest.git('reset', '--quiet', '--hard', first);
    const rewritten = nest.commit({ 'Nest.fly': 'three\n' });
    const { commit } = await git.fetch({ url: nest.url }, options);

    expect(commit).toBe(rewritten);
    await expect(git.isAncestor(first, commit, options)).resolves.toBe('yes');
    await expect(git.isAncestor(second, commit, options)).resolves.toBe('no');
    await expect(git.isAncestor(commit, commit, options)).resolves.toBe('yes');
    await expect(git.isAncestor('f'.repeat(40), commit, options)).resolves.toBe('unknown');
    await expect(git.isAncestor('--help', commit, options)).resolves.toBe('unknown');
  });

  it('knows the history also in a directory that fetched only the newest commit', async () => {
    const first = nest.commit({ 'Nest.fly': 'one\n' });
    nest.commit({ 'Nest.fly': 'two\n' });
    const git = aGit();

    const { commit } = await git.fetch({ url: nest.url }, options);

    await expect(git.isAncestor(first, commit, options)).resolves.toBe('yes');
  });

  it('knows nothing before the first fetch', async () => {
    await expect(aGit().isAncestor('f'.repeat(40), 'e'.repeat(40), options)).resolves.toBe('unknown');
  });
});
