import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@polar-gosling/kernel';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { openLimits } from './open-limits.ts';

const { signal } = new AbortController();

async function aDirectory() {
  const dir = await mkdtemp(join(tmpdir(), 'limits-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

function limitsAt(place: string) {
  const clock = createFakeClock();
  const ids = createSeededIds(1, clock);
  return openLimits({
    place,
    blobs: {},
    dataDir: '/nowhere',
    clock,
    ids,
    log: silentLogger,
    environment: {},
    signal,
  });
}

it('reads a file anew each time', async () => {
  const file = join(await aDirectory(), 'limits.json');
  await writeFile(file, '{"machines": 1}');
  const source = limitsAt(file);

  expect(await source.read({ signal })).toEqual({ machines: 1, prices: {} });
  await writeFile(file, '{"machines": 2}');
  expect(await source.read({ signal })).toEqual({ machines: 2, prices: {} });
});

it('reads the text of the setting itself', async () => {
  expect(await limitsAt(' {"machines": 3}').read({ signal })).toEqual({ machines: 3, prices: {} });
});

it('names the place of limits that are not there, and what is wrong with others', async () => {
  const file = join(await aDirectory(), 'limits.json');

  await expect(limitsAt(file).read({ signal })).rejects.toMatchObject({
    code: 'LIMITS_UNREADABLE',
    message: expect.stringContaining(file),
  });
  await writeFile(file, '{"machines": -1}');
  await expect(limitsAt(file).read({ signal })).rejects.toMatchObject({
    code: 'LIMITS_WRONG',
    message: expect.stringContaining('machines'),
  });
  await writeFile(file, ' '.repeat(1024 * 1024 + 1));
  await expect(limitsAt(file).read({ signal })).rejects.toMatchObject({ code: 'LIMITS_UNREADABLE' });
});
