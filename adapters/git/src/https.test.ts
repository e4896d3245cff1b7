import { join } from 'node:path';
import { createMasker, createSystemClock, Secret, silentLogger } from '@polar-gosling/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGit } from './git.ts';
import { type DumbHttps, serveDumbHttps } from './testing/dumb-https.ts';
import { serveProxy } from './testing/https-proxy.ts';
import { type LocalNest, makeLocalNest } from './testing/local-nest.ts';

const options = { signal: new AbortController().signal };

describe('a Nest behind https', { timeout: 30_000 }, () => {
  let nest: LocalNest;
  let server: DumbHttps;
  let commit: string;

  beforeEach(async () => {
    nest = makeLocalNest();
    commit = nest.commit({ 'Nest.fly': 'x\n' });
    server = await serveDumbHttps(join(nest.path, '.git'), { password: 'glpat-0123456789' });
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    nest[Symbol.dispose]();
  });

  const aGit = (env: Record<string, string> = {}) =>
    createGit({
      dir: join(nest.dir, 'data'),
      clock: createSystemClock(),
      logger: silentLogger,
      masker: createMasker(),
      allowFile: false,
      allowPrivate: true,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...env },
      resolve: () => Promise.reject(new RangeError('this host knows no names')),
    });
  const token = new Secret('glpat-0123456789');

  it('is fetched with a token and a private authority', async () => {
    const { url, caPem } = server;

    const fetched = await aGit().fetch({ url, branch: 'main', token, caPem }, options);

    expect(fetched).toMatchObject({ commit, branch: 'main' });
  });

  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'is fetched through the proxy of %s, which alone knows its name',
    async (name) => {
      await using proxy = await serveProxy(server.url);
      const { caPem } = server;

      const url = 'https://nest.invalid';
      const fetched = await aGit({ [name]: proxy.url }).fetch({ url, branch: 'main', token, caPem }, options);

      expect(fetched).toMatchObject({ commit, branch: 'main' });
      expect(new Set(proxy.asked)).toEqual(new Set(['nest.invalid:443']));
    },
  );

  it('is fetched past the proxy where NO_PROXY says so', async () => {
    await using proxy = await serveProxy(server.url);
    const { url, caPem } = server;
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' };

    const fetched = await aGit(env).fetch({ url, branch: 'main', token, caPem }, options);

    expect(fetched).toMatchObject({ commit, branch: 'main' });
    expect(proxy.asked).toEqual([]);
  });

  it('refuses a wrong token, and none', async () => {
    const { url, caPem } = server;
    const git = aGit();

    const wrong = git.fetch({ url, branch: 'main', token: new Secret('no'), caPem }, options);
    await expect(wrong).rejects.toMatchObject({ code: 'GIT_DENIED' });
    const none = git.fetch({ url, branch: 'main', caPem }, options);
    await expect(none).rejects.toMatchObject({ code: 'GIT_DENIED' });
  });

  it('is not trusted without its authority', async () => {
    const fetched = aGit().fetch({ url: server.url, branch: 'main', token }, options);

    await expect(fetched).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
    expect(server.authorizations).toEqual([]);
  });

  it('is not followed to another place', async () => {
    const gitDir = join(nest.path, '.git');
    await using from = await serveDumbHttps(gitDir, { password: 'x', redirectTo: server.url });
    const seen = server.authorizations.length;

    const fetched = aGit().fetch({ url: from.url, branch: 'main', token, caPem: from.caPem }, options);

    await expect(fetched).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
    expect(server.authorizations).toHaveLength(seen);
  });
});
