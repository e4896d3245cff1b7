import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMasker, createSystemClock, Secret, silentLogger } from '@polar-gosling/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sshd, startSshd } from '../../../e2e/support/sshd.ts';
import { createDeployKeys, type DeployKeys } from './deploy-keys.ts';
import { createGit } from './git.ts';
import { type LocalNest, makeLocalNest } from './testing/local-nest.ts';

const options = { signal: new AbortController().signal };

describe('a Nest behind a real sshd', { timeout: 30_000 }, () => {
  let nest: LocalNest;
  let sshd: Sshd;
  let keys: DeployKeys;
  let commit: string;

  beforeEach(async () => {
    nest = makeLocalNest();
    commit = nest.commit({ 'Nest.fly': 'x\n' });
    keys = createDeployKeys({ comment: 'mothergoose' });
    sshd = await startSshd({ authorizedKeys: [keys.publicKey] });
  });
  afterEach(async () => {
    await sshd[Symbol.asyncDispose]();
    nest[Symbol.dispose]();
  });

  const data = () => join(nest.dir, 'da ta%h');
  const aGit = (allowPrivate = true) =>
    createGit({
      dir: data(),
      clock: createSystemClock(),
      logger: silentLogger,
      masker: createMasker(),
      allowFile: false,
      allowPrivate,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      resolve: async () => ['127.0.0.1'],
    });
  const remote = () => ({ url: sshd.url(nest.path), deployKey: keys.privateKey });

  it('is fetched with a deploy key we made', async () => {
    const git = aGit();

    const fetched = await git.fetch(remote(), options);

    expect(fetched).toMatchObject({ commit, branch: 'main' });
    const { files } = await git.readFlyFiles(commit, options);
    expect(files).toEqual([{ path: 'Nest.fly', text: 'x\n' }]);
  });

  it('is fetched with a key made by ssh-keygen, whose last line break got lost', async () => {
    const file = join(nest.dir, 'made');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    sshd.authorize([readFileSync(`${file}.pub`, 'utf8').trim()]);
    const deployKey = new Secret(readFileSync(file, 'utf8').trimEnd());

    await expect(aGit().fetch({ ...remote(), deployKey }, options)).resolves.toMatchObject({ commit });
  });

  it('refuses a key it does not know, and no key', async () => {
    const stranger = createDeployKeys();
    const { deployKey: _ours, ...keyless } = remote();

    const strange = aGit().fetch({ ...remote(), deployKey: stranger.privateKey }, options);
    await expect(strange).rejects.toMatchObject({ code: 'GIT_DENIED' });
    await expect(aGit().fetch(keyless, options)).rejects.toMatchObject({ code: 'GIT_DENIED' });
  });

  it('leaves no key behind, after success and after failure', async () => {
    const git = aGit();

    await git.fetch(remote(), options);
    await git.fetch({ ...remote(), branch: 'nope' }, options).catch(() => undefined);

    const left = readdirSync(data(), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => name.includes('session-') || name.endsWith('key'))).toEqual([]);
  });

  it('learns the key of a host once and refuses another one afterwards', async () => {
    const git = aGit();
    await git.fetch(remote(), options);
    expect(readFileSync(join(data(), 'known_hosts'), 'utf8').trim()).toBe(sshd.knownHosts);

    await sshd.changeHostKey();

    const refused = git.fetch(remote(), options);
    await expect(refused).rejects.toThrow('the key of the host is not the known one');
    await expect(refused).rejects.toThrow(`remove its line from ${join(data(), 'known_hosts')}`);
  });

  it('trusts only the given host keys where some are given', async () => {
    const given = { ...remote(), knownHosts: sshd.knownHosts };
    const git = aGit();

    await expect(git.fetch(given, options)).resolves.toMatchObject({ commit });
    const other = { ...given, knownHosts: sshd.knownHosts.replace('127.0.0.1', 'other.test') };
    await expect(git.fetch(other, options)).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
    expect(existsSync(join(data(), 'known_hosts'))).toBe(false);
  });

  it('is reached by name at the address that was checked, under the key of the name', async () => {
    const named = { ...remote(), url: remote().url.replace('127.0.0.1', 'nest.invalid') };
    const knownHosts = sshd.knownHosts.replace('127.0.0.1', 'nest.invalid');

    await expect(aGit().fetch({ ...named, knownHosts }, options)).resolves.toMatchObject({ commit });
    await expect(aGit(false).fetch(named, options)).rejects.toMatchObject({ code: 'GIT_REFUSED_URL' });
  });

  it('says that the repository is not there', async () => {
    const nowhere = { ...remote(), url: sshd.url(`${nest.dir}/nowhere`) };

    await expect(aGit().fetch(nowhere, options)).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
  });

  it('ends ssh too when its caller stops', async () => {
    const caller = new AbortController();
    const slow = join(nest.path, '.git/hooks/never');
    const fetched = aGit().fetch({ ...remote(), url: sshd.url(slow) }, { signal: caller.signal });
    caller.abort(new DOMException('stop', 'AbortError'));

    await expect(fetched).rejects.toThrow('stop');
  });
});
