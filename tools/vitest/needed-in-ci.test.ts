import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isNeededInCi } from './needed-in-ci.ts';

/** The reason as the source of the tests gives it. */
function reasonIn(path: string, pattern: RegExp): string {
  const text = readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
  return pattern.exec(text)?.[1] ?? `${path} gives no such reason`;
}

it.each([
  ['adapters/tofu/src/test-bench.ts', /noTofuReason = '(.*)'/],
  ['adapters/tofu/src/cloud-bench.ts', /noSnapshotReason = '(.*)'/],
  ['e2e/support/snapshot-provider.ts', /noSnapshotMirrorReason = '(.*)'/],
  ['e2e/stores/fake-cloud-module.ts', /noMirrorReason = '(.*)'/],
])('a skip for the reason of %s is a failure in CI', (path, pattern) => {
  expect(reasonIn(path, pattern)).toSatisfy(isNeededInCi);
});

it.each([
  ['adapters/tofu/src/test-small-disk.ts', /noSmallDisk = '(.*)'/],
  ['nowhere', undefined],
])('a skip for another reason, as that of %s, is none', (path, pattern) => {
  expect(isNeededInCi(pattern && reasonIn(path, pattern))).toBe(false);
});
