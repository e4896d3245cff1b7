import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMasker, Secret } from '@polar-gosling/kernel';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { checkSecrets, lazySecrets, openLocalSecrets } from './open-secrets.ts';

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

it('says how to close the key of local secrets when it is open to others', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'gosling-secrets-'));
  const clock = createFakeClock();
  const deps = {
    ...{ dataDir, clock, ids: createSeededIds(1, clock), masker: createMasker(), environment: {} },
    settings: { backend: 'local' as const },
  };
  const key = join(dataDir, 'key/secrets.key');
  try {
    const empty = await checkSecrets(deps, options);
    await openLocalSecrets(deps).write('a/b', new Secret('some value'), options);
    const closed = await checkSecrets(deps, options);
    chmodSync(key, 0o640);
    const open = await checkSecrets(deps, options);

    expect(empty.map(({ name, ok }) => [name, ok])).toEqual([['reach', true]]);
    expect(closed[1]).toEqual({ name: 'rights', ok: true, detail: 'for this user only (600)' });
    expect(open[1]).toEqual({
      ...{ name: 'rights', ok: false, detail: 'open to others (640)' },
      fix: `chmod 600 ${key}`,
    });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
