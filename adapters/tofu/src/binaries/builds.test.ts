import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock, createBench, listNames, never } from '../test-bench.ts';
import { createTestAuthority, type TestAuthority, type TestServer } from '../test-https.ts';
import { createBinaries } from './create-binaries.ts';
import { tofuProgram } from './program.ts';

const call = { signal: never };
const dir = mkdtempSync(join(tmpdir(), 'builds-'));
const textOf = (build: string) => `#!/bin/sh\necho 'OpenTofu v1.12.6' # ${build}\n`;
const sumOf = (build: string) => sha256Hex(textOf(build));
const buildOf = (build: string) => ({ version: '1.12.6', sha256: sumOf(build) });
const oldKey = 'tofu-binaries/1.12.6/linux_amd64/tofu';
let authority: TestAuthority;
let server: TestServer;

beforeAll(async () => {
  authority = createTestAuthority(dir);
  server = await authority.serve((request, response) => response.end(textOf(request.url?.slice(1) ?? '')));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

function aHost({ binDir = mkdtempSync(join(dir, 'bin-')), blobs = createMemoryBlobs() } = {}) {
  const binaries = createBinaries({
    ...{ program: tofuProgram, binDir, blobs, environment: {}, clock, ca: authority.ca },
    platform: { os: 'linux', arch: 'x64' },
  });
  const install = (build: string) =>
    binaries.install(
      { version: '1.12.6', source: { kind: 'other', url: `${server.url}/${build}`, sha256: sumOf(build) } },
      call,
    );
  return { binDir, blobs, binaries, install };
}

describe('two builds of one version', () => {
  it('lie beside each other here and in Blobs, so that another one changes nothing of the one in use', async () => {
    await using bench = createBench('');
    const host = aHost({ binDir: join(bench.dataDir, 'bin') });
    const find = { environment: { PATH: '/usr/bin:/bin' }, allowTerraform: false };
    const tofu = bench.reopen({ find });
    await host.install('a');
    await host.binaries.use(buildOf('a'), call);
    await host.install('b');

    const inUse = await tofu.tool(call);
    await host.binaries.use(buildOf('b'), call);
    const after = await tofu.tool(call);

    expect([inUse.sha256, after.sha256]).toEqual([sumOf('a'), sumOf('b')]);
    const second = aHost({ blobs: host.blobs });
    for (const build of ['a', 'b']) {
      const path = await second.binaries.ensure(buildOf(build), call);
      expect(readFileSync(path ?? '', 'utf8')).toBe(textOf(build));
      const bytes = await second.binaries.read({ ...buildOf(build), platform: 'linux_amd64' }, call);
      expect(new TextDecoder().decode(bytes)).toBe(textOf(build));
    }
  });

  it('are brought also from where the sweep of Blobs put one aside', async () => {
    const { blobs, install } = aHost();
    await install('a');
    const [key = ''] = await blobs.list('tofu-binaries/', 1, call);
    await blobs.write(`unreferenced/${key}`, Buffer.from(textOf('a')), call);
    await blobs.remove(key, call);

    const path = await aHost({ blobs }).binaries.ensure(buildOf('a'), call);

    expect(readFileSync(path ?? '', 'utf8')).toBe(textOf('a'));
  });
});

describe('what an earlier release kept', () => {
  it('goes on being run where its host and its Blobs have it by the version alone', async () => {
    await using bench = createBench('');
    const binDir = join(bench.dataDir, 'bin');
    mkdirSync(binDir, { recursive: true });
    writeFileSync(join(binDir, 'tofu-1.12.6'), textOf('a'));
    chmodSync(join(binDir, 'tofu-1.12.6'), 0o755);
    writeFileSync(join(binDir, 'tofu.active'), '1.12.6\n');
    const { binaries, blobs } = aHost({ binDir });
    await blobs.write(oldKey, Buffer.from(textOf('a')), call);
    const tofu = bench.reopen({ find: { environment: { PATH: '/usr/bin:/bin' }, allowTerraform: false } });

    const before = await tofu.tool(call);
    const here = await binaries.ensure(buildOf('a'), call);
    await binaries.use(buildOf('a'), call);
    const after = await tofu.tool(call);

    expect([before.sha256, after.sha256]).toEqual([sumOf('a'), sumOf('a')]);
    expect([here, after.path]).toEqual([join(binDir, 'tofu-1.12.6'), join(binDir, 'tofu-1.12.6')]);
    const second = aHost({ blobs });
    const brought = await second.binaries.ensure(buildOf('a'), call);
    expect(readFileSync(brought ?? '', 'utf8')).toBe(textOf('a'));
    expect(listNames(second.binDir)).toEqual([`tofu-1.12.6+${sumOf('a')}`]);
    const bytes = await second.binaries.read({ ...buildOf('a'), platform: 'linux_amd64' }, call);
    expect(new TextDecoder().decode(bytes)).toBe(textOf('a'));
  });

  it('is nowhere when another build came over it', async () => {
    const { binaries, binDir, blobs } = aHost();
    await blobs.write(oldKey, Buffer.from(textOf('b')), call);

    expect(await binaries.ensure(buildOf('a'), call)).toBeUndefined();
    expect(await binaries.read({ ...buildOf('a'), platform: 'linux_amd64' }, call)).toBeUndefined();
    expect(listNames(binDir)).toEqual([]);
  });
});
