import { sha256Hex } from '@polar-gosling/kernel';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../api/caller.ts';
import type { ToolKind } from '../api/tools.ts';
import { createControlPlane } from '../testing/control-plane.ts';
import type { FakeBinaries } from '../testing/fake-binaries.ts';
import { readVersions } from './version-rows.ts';

const options = { signal: new AbortController().signal };
const caller: Caller = { name: 'ada', role: 'admin', tokenId: 't1' };

async function fixture(kind: ToolKind) {
  const clock = createFakeClock();
  const plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  const binaries = plane.deps.binaries[kind] as FakeBinaries;
  binaries.offered.push('1.12.5', '1.12.6');
  const { tools } = plane.engine();
  const install = async (version: string, build: string, { use = false, platform = 'linux_amd64' } = {}) => {
    binaries.build = build;
    const source = { kind: 'other', url: `https://x.test/${build}`, sha256: 'a'.repeat(64) } as const;
    await tools.install(caller, { kind, version, platform, source, use }, options);
    plane.start();
    await plane.run(30_000);
    await plane.stop();
  };
  const use = async (version: string, ...sha256: string[]) => {
    await clock.advance(1_000);
    await tools.use(caller, { kind, version, sha256 }, options);
  };
  const back = () => tools.rollback(caller, kind, options);
  const active = async () => {
    const rows = await readVersions(plane.deps, kind, options);
    return rows.flatMap((row) => (row.active ? `${row.platform} ${row.sha256_hash}` : [])).toSorted();
  };
  return { install, use, back, active };
}

const sumOf = (version: string, build: string, platform = 'linux_amd64') =>
  sha256Hex(`${version} ${platform}${build}`);
const inUse = (version: string, build: string, platform = 'linux_amd64') =>
  `${platform} ${sumOf(version, build, platform)}`;

describe('a version that is here in two builds', () => {
  it('stays in use in the one that was chosen when another one is installed, until that is used', async () => {
    const { install, active } = await fixture('tofu');
    await install('1.12.6', 'a', { use: true });

    await install('1.12.6', 'b');
    const before = await active();
    await install('1.12.6', 'c', { use: true });

    expect(before).toEqual([inUse('1.12.6', 'a')]);
    expect(await active()).toEqual([inUse('1.12.6', 'c')]);
  });

  it('is used only in the one that is named, and a refusal says how to name it', async () => {
    const { install, use, active } = await fixture('tofu');
    await install('1.12.6', 'a', { use: true });
    await install('1.12.6', 'b');
    const [a, b] = [sumOf('1.12.6', 'a'), sumOf('1.12.6', 'b')];

    await expect(use('1.12.6')).rejects.toMatchObject({
      code: 'BINARY_AMBIGUOUS',
      message: expect.stringMatching(
        new RegExp(`(?=.*${a.slice(0, 12)})(?=.*${b.slice(0, 12)}).*gosling tofu use 1.12.6 --sha256 `),
      ),
    });
    await expect(use('1.12.6', 'deadbeef')).rejects.toMatchObject({ code: 'BINARY_UNKNOWN_VERSION' });
    const before = await active();
    await use('1.12.6', b.slice(0, 8).toUpperCase());

    expect(before).toEqual([inUse('1.12.6', 'a')]);
    expect(await active()).toEqual([inUse('1.12.6', 'b')]);
  });

  it('is one where two sources gave the same bytes', async () => {
    const { install, use, active } = await fixture('tofu');
    await install('1.12.6', 'a');
    await install('1.12.6', 'a');

    await use('1.12.6');

    expect(await active()).toEqual([inUse('1.12.6', 'a')]);
  });

  it('goes back to the one that was in use before', async () => {
    const { install, use, back, active } = await fixture('tofu');
    await install('1.12.5', 'a', { use: true });
    await install('1.12.6', 'a', { use: true });
    await install('1.12.6', 'b');
    await use('1.12.6', sumOf('1.12.6', 'b'));

    expect(await back()).toBe('1.12.6');
    expect(await active()).toEqual([inUse('1.12.6', 'a')]);
  });

  it('is chosen for each platform', async () => {
    const { install, use, back, active } = await fixture('gosling');
    const arm = 'linux_arm64';
    for (const build of ['a', 'b']) {
      await install('1.12.6', build);
      await install('1.12.6', build, { platform: arm });
    }
    const named = use('1.12.6', sumOf('1.12.6', 'a'));
    await expect(named).rejects.toMatchObject({
      code: 'BINARY_AMBIGUOUS',
      message: expect.stringContaining('gosling tofu use 1.12.6 --of gosling --sha256 '),
    });
    await use('1.12.6', sumOf('1.12.6', 'a'), sumOf('1.12.6', 'b', arm));
    const first = await active();

    await use('1.12.6', sumOf('1.12.6', 'b'));
    const second = await active();
    await back();

    expect(first).toEqual([inUse('1.12.6', 'a'), inUse('1.12.6', 'b', arm)]);
    expect(second).toEqual([inUse('1.12.6', 'b'), inUse('1.12.6', 'b', arm)]);
    expect(await active()).toEqual(first);
  });

  it('goes back on all platforms to what was in use then', async () => {
    const { install, use, back, active } = await fixture('gosling');
    const arm = 'linux_arm64';
    for (const build of ['a', 'b']) {
      await install('1.12.6', build);
      await install('1.12.6', build, { platform: arm });
      await use('1.12.6', sumOf('1.12.6', build), sumOf('1.12.6', build, arm));
    }
    const before = await active();

    await back();

    expect(before).toEqual([inUse('1.12.6', 'b'), inUse('1.12.6', 'b', arm)]);
    expect(await active()).toEqual([inUse('1.12.6', 'a'), inUse('1.12.6', 'a', arm)]);
  });
});
