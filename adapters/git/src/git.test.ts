import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createSystemClock, silentLogger } from '@polar-gosling/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGit, type GitDeps } from './git.ts';
import { aliveInGroup } from './testing/alive-in-group.ts';
import { type LocalNest, makeLocalNest } from './testing/local-nest.ts';

const options = { signal: new AbortController().signal };
const path = '/usr/local/bin:/usr/bin:/bin';

let nest: LocalNest;
beforeEach(() => {
  nest = makeLocalNest();
});
afterEach(() => nest[Symbol.dispose]());

function aGit(deps: Partial<GitDeps> = {}) {
  return createGit({
    dir: join(nest.dir, 'data'),
    clock: createSystemClock(),
    logger: silentLogger,
    allowFile: true,
    allowPrivate: true,
    env: { PATH: path },
    ...deps,
  });
}

const egg = 'egg "a" {}\n';

describe('fetching a Nest', () => {
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

describe('a directory that lived through a crash', () => {
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

describe('a git that does not come to an end', () => {
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

describe('reading a Nest', () => {
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

  it('leaves out links, big and unreadable files, and names them', async () => {
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

    expect(files.map(({ path: at }) => at).toSorted()).toEqual(['Eggs/just.fly', 'Nest.fly']);
    expect(leftOut.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'Eggs/big.fly', reason: 'bigger than 1048576 bytes' },
      { path: 'Eggs/latin.fly', reason: 'not UTF-8 text' },
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

describe('asking for an ancestor', () => {
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
