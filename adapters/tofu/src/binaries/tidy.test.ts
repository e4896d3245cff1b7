import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { afterAll, describe, expect, it } from 'vitest';
import { pinnedTofu } from '../pinned.ts';
import { clock, listNames, never } from '../test-bench.ts';
import { buildName } from './build-name.ts';
import { createBinaries } from './create-binaries.ts';
import { goslingProgram, tofuProgram } from './program.ts';
import { withVersionLock } from './version-lock.ts';

const dir = mkdtempSync(join(tmpdir(), 'tidy-'));
const call = { signal: never };
const dayMs = 86_400_000;
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const buildOf = (version: string, bytes = 'binary') => ({ version, sha256: sha256Hex(bytes) });
const fileOf = (version: string, bytes?: string) => `tofu-${buildName(buildOf(version, bytes))}`;

/** A folder with versions of OpenTofu that were used so many days ago. */
function fixture(usedDaysAgo: Readonly<Record<string, number>>) {
  const binDir = mkdtempSync(join(dir, 'bin-'));
  for (const [name, days] of Object.entries(usedDaysAgo)) {
    writeFileSync(join(binDir, name), 'binary');
    const at = (clock.now() - days * dayMs) / 1_000;
    utimesSync(join(binDir, name), at, at);
  }
  const shared = { binDir, blobs: createMemoryBlobs(), environment: {}, clock };
  const binaries = createBinaries({ program: tofuProgram, ...shared });
  return { binDir, binaries, agents: createBinaries({ program: goslingProgram, ...shared }) };
}

it('uses a version that is here while somebody installs it anew', async () => {
  const { binDir, binaries } = fixture({ [fileOf('1.12.6')]: 0 });
  const locked = { binDir, kind: 'tofu', version: '1.12.6', clock, waitMs: 0, signal: never } as const;

  await withVersionLock(locked, () => binaries.use(buildOf('1.12.6'), call));

  expect(listNames(binDir)).toEqual([fileOf('1.12.6'), 'tofu.active']);
});

describe('tidying a host', () => {
  it('removes versions that are no longer kept and that nobody has used for a week, and no other file', async () => {
    const { binDir, binaries } = fixture({
      ...{ [fileOf('1.11.0')]: 8, 'tofu-1.11.0': 8, [fileOf('1.11.1')]: 6, 'gosling-0.1.0': 8, node: 8 },
    });

    await binaries.tidy([buildOf('1.12.5')], call);

    expect(listNames(binDir)).toEqual(['gosling-0.1.0', 'node', fileOf('1.11.1')]);
  });

  it('keeps what is kept, what is run and what the product is pinned to, however long unused', async () => {
    const pinned = `tofu-${pinnedTofu.version}`;
    const { binDir, binaries } = fixture({
      ...{ [fileOf('1.10.0')]: 30, 'tofu-1.11.0': 30, [fileOf('1.11.0', 'other')]: 30, [pinned]: 30 },
    });
    await binaries.use(buildOf('1.11.0'), call);

    await binaries.tidy([buildOf('1.10.0')], call);

    expect(listNames(binDir)).toEqual([fileOf('1.10.0'), 'tofu-1.11.0', pinned, 'tofu.active']);
  });

  it('marks what is kept as used, for whoever shares the folder, and leaves the time of its content', async () => {
    const { binDir, binaries } = fixture({ [fileOf('1.10.0')]: 30 });
    const before = statSync(join(binDir, fileOf('1.10.0')));

    await binaries.tidy([buildOf('1.10.0')], call);
    await binaries.tidy([buildOf('1.12.5')], call);

    expect(listNames(binDir)).toEqual([fileOf('1.10.0')]);
    expect(statSync(join(binDir, fileOf('1.10.0'))).mtimeMs).toBeCloseTo(before.mtimeMs, -1);
  });

  it('removes what killed processes left, and not the folder of one that is at it', async () => {
    const { binDir, binaries, agents } = fixture({});
    mkdirSync(join(binDir, '.fetch-tofu-1.12.5+killed'));
    mkdirSync(join(binDir, '.fetch-tofu-active+killed'));
    mkdirSync(join(binDir, '.fetch-gosling-0.1.0+killed'));
    const locked = { binDir, kind: 'tofu', version: '1.12.5-rc1', clock, waitMs: 0, signal: never } as const;

    const during = await withVersionLock(locked, async () => {
      await binaries.tidy([], call);
      return listNames(binDir);
    });
    await agents.tidy([], call);

    expect(during).toEqual([
      '.fetch-gosling-0.1.0+killed',
      expect.stringMatching(/^\.fetch-tofu-1\.12\.5-rc1\+/),
    ]);
    expect(listNames(binDir)).toEqual([]);
  });
});
