import { describe, expect, it } from 'vitest';
import { binaryRequestProblem, binarySecretProblem } from './request-problem.ts';

const sha256 = 'a'.repeat(64);
const github = { kind: 'github' } as const;
const other = (url: string, sum = sha256) => ({ kind: 'other', url, sha256: sum }) as const;

describe('a request for a binary', () => {
  it.each([
    { version: '1.12.6', source: github },
    { version: '1.13.0-rc1', platform: 'windows_arm64', source: { ...github, repository: 'team/tofu' } },
    { version: '0.4.0', source: other('https://mirror.test:8443/{version}/{os}_{arch}.tgz?x=1') },
  ])('can be tried: %o', (request) => {
    expect(binaryRequestProblem(request)).toBeUndefined();
  });

  it.each([
    ['"1.12" is no version', { version: '1.12', source: github }],
    ['"v1.12.6" is no version', { version: 'v1.12.6', source: github }],
    ['"<b>\\u0000\\u001b[31mx" is no version', { version: '<b>\0\u001b[31mx', source: github }],
    ['no platform "foo"', { version: '1.12.6', platform: 'foo', source: github }],
    ['"team" is no repository', { version: '1.12.6', source: { ...github, repository: 'team' } }],
    ['for gosling', { program: 'gosling', version: '1.12.6', source: github }],
    ['needs its SHA-256', { version: '1.12.6', source: other('https://x.test', 'abc') }],
    ['"{file}"', { version: '1.12.6', source: other('https://x.test/{file}') }],
    ['no address', { version: '1.12.6', source: other('mirror/{version}') }],
    ['http://x.test is not https', { version: '1.12.6', source: other('http://x.test/{version}') }],
    ['http://127.0.0.1:1 is not https', { version: '1.12.6', source: other('http://127.0.0.1:1/') }],
    ['a user or a password', { version: '1.12.6', source: other('https://me:hush@x.test') }],
  ] as const)('cannot: %s', (problem, request) => {
    expect(binaryRequestProblem(request)?.problem).toContain(problem);
  });

  it.each([
    'store/keyring',
    'tools',
    'tools/',
    'tools/../store/keyring',
    'tools/./x',
    '/tools/x',
    'tools//x',
  ])('may not name the secret %s', (reference) => {
    expect(binarySecretProblem(reference)?.problem).toContain('is no secret of a source of binaries');
  });

  it.each(['tools/mirror', 'tools/team/mirror-token.2'])('may name the secret %s', (reference) => {
    expect(binarySecretProblem(reference)).toBeUndefined();
  });
});
