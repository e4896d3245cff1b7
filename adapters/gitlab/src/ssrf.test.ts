import { Secret, silentLogger } from '@polar-gosling/kernel';
import { createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createGitlab } from './gitlab.ts';
import type { ResolvedAddress } from './ssrf.ts';
import { sendJson, startLocalGitlab } from './testing/local-gitlab.ts';
import { createQuickClock } from './testing/quick-clock.ts';

const { signal } = new AbortController();

async function callOnce(
  url: string,
  options: { allowPrivate: boolean; answers?: readonly (readonly ResolvedAddress[])[] },
) {
  const clock = createQuickClock();
  const asked: string[] = [];
  const gitlab = createGitlab({
    clock,
    ids: createSeededIds(1, clock),
    logger: silentLogger,
    userAgent: 'test',
    allowPrivate: options.allowPrivate,
    resolve: async (host) => {
      asked.push(host);
      return options.answers?.[asked.length - 1] ?? options.answers?.at(-1) ?? [];
    },
  });
  try {
    const answer = await gitlab.reader.metadata({ url, token: new Secret('glpat-x') }, { signal });
    return { asked, answer, error: undefined };
  } catch (error) {
    return { asked, answer: undefined, error };
  } finally {
    await gitlab.close();
  }
}

const v4 = (address: string): ResolvedAddress => ({ address, family: 4 });
const v6 = (address: string): ResolvedAddress => ({ address, family: 6 });

describe('the addresses a GitLab URL may lead to', () => {
  it.each([
    'https://169.254.169.254/',
    'https://[::ffff:169.254.169.254]/',
    'https://[fd00:ec2::254]/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://[::1]/',
    'https://10.1.2.3/',
    'https://192.168.0.1:8443/',
    'https://0.0.0.0/',
    'http://gitlab.example/',
    'ftp://gitlab.example/',
    'file:///etc/passwd',
    'https://user:word@gitlab.example/',
    'https://gitlab.example/?a=b',
    'https://gitlab.example/#a',
    'gitlab.example',
    '',
  ])('refuses %s before anything is asked or sent', async (url) => {
    const { asked, error } = await callOnce(url, { allowPrivate: false });

    expect(error).toMatchObject({ code: 'GITLAB_REFUSED_URL', retry: 'never' });
    expect(asked).toEqual([]);
  });

  it.each([
    [[v4('127.0.0.1')]],
    [[v4('10.0.0.5')]],
    [[v4('169.254.169.254')]],
    [[v6('::1')]],
    [[v6('fe80::1')]],
    [[v6('fd12:3456::1')]],
    [[v6('::ffff:10.0.0.5')]],
    [[v4('93.184.216.34'), v4('10.0.0.5')]],
  ])('refuses a name that resolves to %j', async (addresses) => {
    const { error } = await callOnce('https://gitlab.example', {
      allowPrivate: false,
      answers: [addresses],
    });

    expect(error).toMatchObject({ code: 'GITLAB_REFUSED_URL' });
  });

  it('refuses metadata services and reserved addresses even where private ones are allowed', async () => {
    const metadata = await callOnce('http://169.254.169.254', { allowPrivate: true });
    const byName = await callOnce('http://gitlab.example', {
      allowPrivate: true,
      answers: [[v4('100.100.100.200')]],
    });

    expect(metadata.error).toMatchObject({ code: 'GITLAB_REFUSED_URL' });
    expect(byName.error).toMatchObject({ code: 'GITLAB_REFUSED_URL' });
  });

  it('connects to the address it has checked and resolves once', async () => {
    await using server = await startLocalGitlab((_seen, response) =>
      sendJson(response, { version: '19.4.1' }),
    );

    const { answer, asked } = await callOnce(`http://gitlab.test:${server.port}`, {
      allowPrivate: true,
      answers: [[v4('127.0.0.1')], [v4('192.0.2.1')]],
    });

    expect(answer).toEqual({ version: '19.4.1' });
    expect(asked).toEqual(['gitlab.test']);
  });

  it('is not fooled by a name that is public first and private afterwards', async () => {
    await using server = await startLocalGitlab((_seen, response) =>
      sendJson(response, { version: '19.4.1' }),
    );

    const { error } = await callOnce(`https://gitlab.test:${server.port}`, {
      allowPrivate: false,
      answers: [[v4('127.0.0.1')], [v4('127.0.0.1')]],
    });

    expect(error).toMatchObject({ code: 'GITLAB_REFUSED_URL' });
    expect(server.requests).toEqual([]);
  });

  it('says that a name without an address is unreachable', async () => {
    const { error } = await callOnce('https://gitlab.example', { allowPrivate: false, answers: [[]] });

    expect(error).toMatchObject({ code: 'GITLAB_UNREACHABLE' });
  });
});
