import { Secret } from '@polar-gosling/kernel';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import { expect, it } from 'vitest';
import { lazySecrets } from './open-secrets.ts';

const options = { signal: new AbortController().signal };

it('opens a backend once, and tries again one that could not be opened', async () => {
  const inner = createMemorySecrets();
  await inner.write('a/b', new Secret('some value'), options);
  let opened = 0;
  const secrets = lazySecrets(async () => {
    if (++opened === 1) throw new RangeError('no CA file');
    return inner;
  });

  await expect(secrets.read('a/b', options)).rejects.toThrow('no CA file');
  expect((await secrets.read('a/b', options))?.reveal()).toBe('some value');
  await secrets.list('', options);

  expect(opened).toBe(2);
});
