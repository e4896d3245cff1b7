import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBranch, parseNestUrl } from './nest-url.ts';

const parse = (url: string, allowFile = false) => parseNestUrl(url, { allowFile });

describe('parseNestUrl', () => {
  it.each([
    ['https://gitlab.com/a/nest.git', { protocol: 'https', host: 'gitlab.com', port: 443 }],
    ['https://gitlab.test:8443/a/nest', { protocol: 'https', host: 'gitlab.test', port: 8443 }],
    ['https://2130706433/a', { protocol: 'https', host: '127.0.0.1', text: 'https://127.0.0.1/a' }],
    ['ssh://git@gitlab.com/a/nest.git', { protocol: 'ssh', host: 'gitlab.com' }],
    ['ssh://git@gitlab.test:2222/a/nest.git', { protocol: 'ssh', host: 'gitlab.test', port: 2222 }],
    ['ssh://gitlab.test/a/nest.git', { protocol: 'ssh', host: 'gitlab.test' }],
    ['ssh://git@[fd00::1]:22/a.git', { protocol: 'ssh', host: 'fd00::1', port: 22 }],
    ['git@gitlab.com:group/sub/nest.git', { protocol: 'ssh', host: 'gitlab.com' }],
  ])('reads %s', (url, expected) => {
    expect(parse(url)).toMatchObject(expected);
  });

  it('reads a file URL only where it is allowed', () => {
    expect(parse('file:///srv/nest', true)).toEqual({ protocol: 'file', text: 'file:///srv/nest' });
    expect(() => parse('file:///srv/nest')).toThrow('file:// is not allowed');
  });

  it.each([
    'ext::sh -c "touch /tmp/owned"',
    'ext::https://gitlab.com/a',
    'fd::17',
    'transport::address',
    '--upload-pack=touch /tmp/owned',
    '-oProxyCommand=touch /tmp/owned',
    'ssh://-oProxyCommand=touch/a',
    'ssh://git@-oProxyCommand=touch/a',
    'ssh://-l@gitlab.com/a',
    'git@-oProxyCommand=x:a/b',
    'git@gitlab.com:-oProxyCommand=x',
    'git@gitlab.com:--upload-pack=x',
    'git@gitlab.com:a b\nc',
    'ssh://git:word@gitlab.com/a',
    'ssh://git@gitlab.com:99999/a',
    'ssh://git@gitlab.com/a`touch x`',
    'ssh://git@gitlab.com/$(touch x)',
    'https://user:word@gitlab.com/a',
    'https://glpat-x@gitlab.com/a',
    'https://gitlab.com/a?b=c',
    'https://gitlab.com/a#b',
    'https://',
    'http://gitlab.com/a',
    'git://gitlab.com/a',
    'ftp://gitlab.com/a',
    'file://host/path',
    '/srv/nest',
    './nest',
    '..',
    '',
  ])('refuses %j', (url) => {
    expect(() => parse(url, true)).toThrow(expect.objectContaining({ code: 'GIT_REFUSED_URL' }));
  });

  it('gives Git nothing that starts with a dash or holds a control character', () => {
    const pieces = fc.constantFrom('ssh://', 'git@', 'https://', 'host', ':', '/', '-', '\n', '::', 'a', '@');
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces).map((parts) => parts.join('')),
    );

    fc.assert(
      fc.property(text, (url) => {
        const given = tryParse(url);
        if (given === undefined) return;
        expect(given.text).toMatch(/^(?:https:\/\/|ssh:\/\/|[A-Za-z0-9_])/);
        expect(given.text).not.toMatch(/\p{Cc}|^-|^(?:\w+:\/\/)?[^/]*@-|^ssh:\/\/-|^[^/]*::/u);
      }),
      { numRuns: runs(1_000) },
    );
  });

  const tryParse = (url: string) => {
    try {
      return parse(url);
    } catch {
      return undefined;
    }
  };
});

describe('checkBranch', () => {
  it.each(['main', 'release/1.x', 'feature/ünïcode', 'a-b_c.d', 'x@y'])('takes %s', (branch) => {
    expect(checkBranch(branch)).toBe(branch);
  });

  it.each([
    '',
    '-main',
    '--upload-pack=x',
    'a b',
    'a..b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a@{1}',
    '@',
    '/a',
    'a/',
    'a//b',
    'a.',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a\nb',
    'a\u007f',
    'x'.repeat(256),
  ])('refuses %j', (branch) => {
    expect(() => checkBranch(branch)).toThrow(expect.objectContaining({ code: 'GIT_REFUSED_URL' }));
  });
});
