import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, createAuthority } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoRoom, type DemoRoom } from './support/demo.ts';
import { serveFile } from './support/file-server.ts';
import { findTestTofu } from './support/tofu.ts';

/** What the demo needs of a system; OpenTofu and terraform are not among it. */
const tools = ['bash', 'cat', 'cut', 'date', 'dirname', 'env', 'git', 'id', 'readlink', 'sed', 'sh', 'sleep'];

let room: DemoRoom;
let authority: Authority;
let env: Record<string, string>;

beforeEach(() => {
  room = createDemoRoom();
  authority = createAuthority(join(room.dir, 'authority'));
  env = {
    PATH: systemWithoutTofu(),
    GOSLING_TOFU_BIN: '',
    GOSLING_BIN_DIR: join(room.dir, 'bin-dir'),
    NODE_EXTRA_CA_CERTS: authority.caFile,
  };
});
afterEach(async () => {
  // Copies of OpenTofu: 100 MB each, and no place for a secret of ours.
  for (const name of ['archive', 'bin-dir', 'tofu.tar.gz']) {
    rmSync(join(room.dir, name), { recursive: true, force: true });
  }
  await room.remove();
});

describe('the demo where there is no OpenTofu', { timeout: 120_000 }, () => {
  it('fetches it once from the mirror, over a private authority, and goes on to the green job', async () => {
    const archive = anArchive();
    await using mirror = await serveFile(archive, authority);
    const at = { ...env, GOSLING_TOFU_MIRROR: mirror.url, POLAR_TOFU_SHA256: sha256(archive) };

    const first = room.type('./gosling demo --once', { env: at });
    const firstCode = await first.ended();
    const again = room.type('./gosling demo', { env: at });
    await again.shows('(managed)');
    again.interrupt();

    expect(firstCode, first.output()).toBe(0);
    expect(first.data()).toMatch(/fetching OpenTofu 1\.12\.6: \d+ of \d+ MiB/);
    expect(first.data()).toMatch(/✓ OpenTofu: .*\(managed\)/);
    expect(await again.ended()).toBe(0);
    expect(mirror.asked).toEqual([expect.stringMatching(/^\/v1\.12\.6\/tofu_1\.12\.6_\w+\.tar\.gz$/)]);
    expect(await room.left()).toEqual([]);
  });

  it('refuses an archive that is not the release, and keeps nothing of it', async () => {
    await using mirror = await serveFile(anArchive(), authority);

    const demo = room.type('./gosling demo --once', { env: { ...env, GOSLING_TOFU_MIRROR: mirror.url } });
    const code = await demo.ended();

    expect(code).toBe(1);
    expect(demo.output()).toContain('TOFU_CHECKSUM');
    expect(demo.output()).toContain('✗ OpenTofu');
    // The lock is an empty file that stays.
    expect(readdirSync(join(room.dir, 'bin-dir'))).toEqual(['.tofu-1.12.6.lock']);
    expect(await room.left()).toEqual([]);
  });

  it('trusts no mirror whose authority it was not told', async () => {
    await using mirror = await serveFile(anArchive(), authority);
    const { NODE_EXTRA_CA_CERTS: _, ...stranger } = env;

    const demo = room.type('./gosling demo --once', {
      env: { ...stranger, GOSLING_TOFU_MIRROR: mirror.url },
    });
    const code = await demo.ended();

    expect(code).toBe(1);
    expect(demo.output()).toMatch(/TOFU_DOWNLOAD/);
    expect(demo.output()).toMatch(/certificate|issuer/);
    expect(mirror.asked).toEqual([]);
  });

  it('says what to do where it cannot be fetched', async () => {
    // Nothing listens there: as good as no network.
    const demo = room.type('./gosling demo --once', { env: { ...env, HTTPS_PROXY: 'http://127.0.0.1:9' } });

    const code = await demo.ended();

    expect(code).toBe(1);
    expect(demo.output()).toContain('TOFU_DOWNLOAD');
    expect(demo.output()).toMatch(/install it yourself|GOSLING_TOFU_BIN/);
    expect(await room.left()).toEqual([]);
  });

  it('can be called off in the middle of the fetch', async () => {
    await using mirror = await serveFile(anArchive(), authority, { stallsAt: 2 ** 21 });
    const demo = room.type('./gosling demo', { env: { ...env, GOSLING_TOFU_MIRROR: mirror.url } });
    await demo.shows(' MiB');

    demo.interrupt();

    expect(await demo.ended()).toBe(0);
    expect(await room.left()).toEqual([]);
  });
});

function systemWithoutTofu(): string {
  const bin = join(room.dir, 'system');
  mkdirSync(bin);
  for (const tool of tools) {
    const path = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
    symlinkSync(path, join(bin, tool));
  }
  return bin;
}

/** As a release is packed, of the OpenTofu that tests run: a build of our own, so its checksum is another. */
function anArchive(): Buffer {
  const dir = join(room.dir, 'archive');
  mkdirSync(dir, { recursive: true });
  copyFileSync(findTestTofu(), join(dir, 'tofu'));
  execFileSync('tar', ['-cf', '../tofu.tar', 'tofu'], { cwd: dir });
  execFileSync('gzip', ['-1', '-f', 'tofu.tar'], { cwd: room.dir });
  return readFileSync(join(room.dir, 'tofu.tar.gz'));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
