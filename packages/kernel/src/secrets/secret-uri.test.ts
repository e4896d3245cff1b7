import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksLikeSecretUri, parseSecretUri, printSecretUri, type SecretUri } from './secret-uri.ts';

const segment = fc.stringMatching(/^[A-Za-z0-9_@=+-][A-Za-z0-9_.@=+-]{0,15}$/);
const plainKey = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_.@-]{0,15}$/);
const anyKey = fc.stringMatching(/^[A-Za-z0-9_./\\@-]{1,40}$/);
const path = fc.array(segment, { minLength: 2, maxLength: 5 }).map((segments) => segments.join('/'));

const uris: fc.Arbitrary<SecretUri> = fc.oneof(
  fc.record(
    { backend: fc.constant('yc-lockbox' as const), id: path, key: anyKey, version: segment, folder: segment },
    { requiredKeys: ['backend', 'id', 'key'] },
  ),
  fc.record(
    { backend: fc.constant('aws-sm' as const), id: path, key: anyKey, version: segment, stage: segment },
    { requiredKeys: ['backend', 'id', 'key'] },
  ),
  fc.record(
    {
      backend: fc.constant('vault' as const),
      id: path,
      key: anyKey,
      version: fc.integer({ min: 1, max: 1e9 }).map(String),
      mount: path,
    },
    { requiredKeys: ['backend', 'id', 'key'] },
  ),
  fc.record({ backend: fc.constant('local' as const), id: path, key: anyKey }),
);

describe('Feature: gitops-runner-orchestration, Property 4b: Secret URI Parsing', () => {
  it('takes backend, secret and key apart', () => {
    const backends = fc.constantFrom('yc-lockbox', 'aws-sm', 'vault', 'local');
    fc.assert(
      fc.property(backends, path, plainKey, (backend, id, key) => {
        expect(parseSecretUri(`${backend}://${id}/${key}`)).toEqual({
          kind: 'ok',
          uri: { backend, id, key },
        });
        expect(parseSecretUri(`${backend}://${id}#${key}/x`)).toEqual({
          kind: 'ok',
          uri: { backend, id, key: `${key}/x` },
        });
      }),
      { numRuns: runs(200) },
    );
  });

  it('gives back what was printed, whatever its parts', () => {
    fc.assert(
      fc.property(uris, (uri) => {
        expect(parseSecretUri(printSecretUri(uri))).toEqual({ kind: 'ok', uri });
      }),
      { numRuns: runs(500) },
    );
  });

  it('never throws, and prints what it took as it means it', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'av-:/#?=.%\\ \n', 'aws-sm://', 'vault://', 'version') }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const result = parseSecretUri(text);
        if (result.kind === 'bad') return;
        expect(parseSecretUri(printSecretUri(result.uri))).toEqual(result);
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe('parseSecretUri', () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf';
  it.each<[string, SecretUri]>([
    [
      'yc-lockbox://e6q6nbjfu9m2abcdefgh/token',
      { backend: 'yc-lockbox', id: 'e6q6nbjfu9m2abcdefgh', key: 'token' },
    ],
    [
      'yc-lockbox://gitlab/gitlab.example.com/my-egg/webhook-secret',
      { backend: 'yc-lockbox', id: 'gitlab/gitlab.example.com/my-egg', key: 'webhook-secret' },
    ],
    [
      'yc-lockbox://e6q6nbjfu9m2abcdefgh?version=e6qv1234#nested/key',
      { backend: 'yc-lockbox', id: 'e6q6nbjfu9m2abcdefgh', version: 'e6qv1234', key: 'nested/key' },
    ],
    ['yc-lockbox://app?folder=b1g0000#k', { backend: 'yc-lockbox', id: 'app', folder: 'b1g0000', key: 'k' }],
    [
      'aws-sm://gosling/gitlab/srv/egg/webhook-secret',
      { backend: 'aws-sm', id: 'gosling/gitlab/srv/egg', key: 'webhook-secret' },
    ],
    [`aws-sm://${arn}/token`, { backend: 'aws-sm', id: arn, key: 'token' }],
    [`aws-sm://${arn}#a/b`, { backend: 'aws-sm', id: arn, key: 'a/b' }],
    ['aws-sm://app?stage=AWSPREVIOUS#k', { backend: 'aws-sm', id: 'app', key: 'k', stage: 'AWSPREVIOUS' }],
    [
      'vault://secret/gitlab/srv/egg/webhook-secret',
      { backend: 'vault', id: 'secret/gitlab/srv/egg', key: 'webhook-secret' },
    ],
    ['vault://app?mount=team/kv#a/b', { backend: 'vault', id: 'app', key: 'a/b', mount: 'team/kv' }],
    ['vault://kv/app/token?version=3', { backend: 'vault', id: 'kv/app', key: 'token', version: '3' }],
    [
      'local://gitlab/host_8443/my-app/api-token',
      { backend: 'local', id: 'gitlab/host_8443/my-app', key: 'api-token' },
    ],
    ['local://a#b\\c', { backend: 'local', id: 'a', key: 'b\\c' }],
  ])('reads %s', (text, uri) => {
    expect(looksLikeSecretUri(text)).toBe(true);
    expect(parseSecretUri(text)).toEqual({ kind: 'ok', uri });
  });

  it.each([
    ['https://example.com/a/b', 'it starts with'],
    ['Vault://a/b/c', 'it starts with'],
    ['vault:a/b/c', 'it starts with'],
    ['vault://no-key', 'it needs the name'],
    ['vault://secret/token', 'needs the mount'],
    ['vault://a/', 'the key is absent'],
    ['vault:///k', 'it needs the name'],
    ['vault://a/../k', 'climb'],
    ['vault://a/b/..', 'climb'],
    ['vault://a/./k', 'climb'],
    ['vault://a//k', 'the parts between /'],
    ['vault://a%2fb/k', 'the parts between /'],
    ['vault://a b/c/k', 'the parts between /'],
    ['vault://a/b/k\n', 'the key has up to'],
    ['vault://host:8443/a/k', 'the parts between /'],
    ['vault://a/b/k?stage=x', 'behind ? stands only version or mount'],
    ['vault://a/b/k?version=1&version=2', 'version stands twice'],
    ['vault://a/b/k?version=', 'version needs a value'],
    ['vault://a/b/k?version', 'version needs a value'],
    ['vault://a/b/k?version=latest', 'a number'],
    ['vault://a/k?mount=../sys', 'mount needs a value'],
    ['vault://a/k?mount=/kv', 'mount needs a value'],
    ['vault://a/b#', 'the key is absent'],
    ['vault://a/b\\c', 'behind #'],
    ['local://a/b?version=1', 'takes nothing behind ?'],
    ['aws-sm://a/k?folder=x', 'behind ? stands only version or stage'],
    ['aws-sm://arn:aws:s3:::bucket/k', 'no ARN of a secret'],
    ['yc-lockbox://arn:aws:x/k', 'no ARN of a secret'],
    [`vault://a/b/${'k'.repeat(300)}`, 'the key has up to'],
    [`vault://${'a'.repeat(3000)}/k`, 'too long'],
    ['', 'it starts with'],
  ])('refuses %j', (text, problem) => {
    expect(parseSecretUri(text)).toEqual({ kind: 'bad', problem: expect.stringContaining(problem) });
  });

  it('shows nothing of a text that it refuses', () => {
    const refused = [
      'vault://canary%77/canary77',
      'canary77://x/y',
      'local://canary77/../x',
      'vault://a/b/c?canary77=1',
    ];
    for (const text of refused) {
      const result = parseSecretUri(text);
      expect(result).toEqual({ kind: 'bad', problem: expect.not.stringContaining('canary77') });
    }
  });
});
