import { describe, expect, it } from 'vitest';
import { needsHash, readProviderNeeds } from './provider-needs.ts';

const files = new Map([
  [
    'main.tf',
    'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n',
  ],
]);
const made = { moduleVersion: '1.0.0', platform: 'linux_amd64' };

describe('what the lock file of a bundle is kept under', () => {
  const needs = readProviderNeeds(files, 'opentofu');
  const tighter = needs.map(({ source }) => ({ source, constraints: ['~> 6.1'] }));

  it.each([
    // Its hashes are those of one platform's archive: on another one, init would refuse what it is given.
    ['platform', needsHash(needs, { ...made, platform: 'linux_arm64' })],
    ['version of the module', needsHash(needs, { ...made, moduleVersion: '1.0.1' })],
    ['constraint', needsHash(tighter, made)],
  ])('is another for another %s', (_what, other) => {
    expect(other).not.toBe(needsHash(needs, made));
  });

  it('is the same for the same', () => {
    expect(needsHash(readProviderNeeds(new Map(files), 'opentofu'), { ...made })).toBe(
      needsHash(needs, made),
    );
  });
});
