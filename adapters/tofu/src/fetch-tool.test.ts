import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FetchTofuOptions, fetchTofu } from './fetch-tool.ts';
import { pinnedTofu, releasePlatform, type TofuRelease } from './pinned.ts';
import { clock, createBench, listNames, never } from './test-bench.ts';
import { createTestAuthority, type TestAuthority } from './test-https.ts';

const bench = createBench('');
const binDir = join(bench.dir, 'bin');
let authority: TestAuthority;
let archive: Buffer;
let release: TofuRelease;

beforeAll(() => {
  authority = createTestAuthority(bench.dir);
  const content = join(bench.dir, 'content');
  mkdirSync(content);
  writeFileSync(join(content, 'README.md'), randomBytes(1500));
  writeFileSync(join(content, 'tofu'), `#!/bin/sh\necho 'OpenTofu v1.12.6'\n# ${'x'.repeat(100_000)}\n`);
  execFileSync('tar', ['-czf', '../archive.tar.gz', 'README.md', 'tofu'], { cwd: content });
  archive = readFileSync(join(bench.dir, 'archive.tar.gz'));
  const platform = releasePlatform(process.platform, process.arch);
  release = { version: '1.12.6', base: 'https://127.0.0.1:1', sha256: { [platform]: sha256(archive) } };
});

afterAll(() => bench[Symbol.asyncDispose]());

describe('fetching OpenTofu', () => {
  it('verifies it, puts it in place once, and tells how far it is', async () => {
    await using server = await authority.serve((_request, response) => response.end(archive));
    const told: number[] = [];

    const path = await fetchFrom(server, 'a', {
      onProgress: ({ receivedBytes }) => told.push(receivedBytes),
    });
    const again = await fetchFrom(server, 'a');

    expect([path, again]).toEqual([join(binDir, 'a', 'tofu-1.12.6'), path]);
    expect(execFileSync(path, ['version'], { encoding: 'utf8' })).toBe('OpenTofu v1.12.6\n');
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(told.at(-1)).toBe(archive.length);
    expect(server.asked).toEqual([
      `/v1.12.6/tofu_1.12.6_${releasePlatform(process.platform, process.arch)}.tar.gz`,
    ]);
    expect(listNames(join(binDir, 'a'))).toEqual(['tofu-1.12.6']);
  });

  it('fetches once for two who ask at the same time', async () => {
    await using server = await authority.serve((_request, response) => response.end(archive));

    const paths = await Promise.all([fetchFrom(server, 'b'), fetchFrom(server, 'b')]);

    expect(paths[0]).toBe(paths[1]);
    expect(server.asked).toHaveLength(1);
  });

  it('removes what an installer that was killed left', async () => {
    await using server = await authority.serve((_request, response) => response.end(archive));
    mkdirSync(join(binDir, 'c', '.fetch-tofu-1.12.6+killed'), { recursive: true });

    await fetchFrom(server, 'c');

    expect(listNames(join(binDir, 'c'))).toEqual(['tofu-1.12.6']);
  });

  it('says which folder cannot be written', async () => {
    await using server = await authority.serve((_request, response) => response.end(archive));
    mkdirSync(binDir, { recursive: true });
    writeFileSync(join(binDir, 'a-file'), '');

    await expect(fetchFrom(server, 'a-file/bin')).rejects.toMatchObject({
      code: 'BINARY_UNWRITABLE',
      message: expect.stringContaining(join(binDir, 'a-file/bin')),
    });
  });

  it('throws away what has another checksum', async () => {
    await using server = await authority.serve((_request, response) =>
      response.end(Buffer.concat([archive, Buffer.of(0)])),
    );

    const refused = fetchFrom(server, 'd');

    await expect(refused).rejects.toMatchObject({ code: 'TOFU_CHECKSUM' });
    expect(listNames(join(binDir, 'd'))).toEqual([]);
  });

  it('says so when the mirror does not have it', async () => {
    await using server = await authority.serve((_request, response) => {
      response.statusCode = 404;
      response.end('no');
    });

    await expect(fetchFrom(server, 'e')).rejects.toMatchObject({
      code: 'TOFU_DOWNLOAD',
      message: expect.stringMatching(
        /tofu_1\.12\.6_.*the server answered 404; is the version right\?; install it yourself/,
      ),
    });
  });

  it('does not take half a file for the whole', async () => {
    await using server = await authority.serve((_request, response) => {
      response.setHeader('content-length', archive.length);
      response.write(archive.subarray(0, 1000), () => response.destroy());
    });

    await expect(fetchFrom(server, 'f')).rejects.toMatchObject({ code: 'TOFU_DOWNLOAD' });
    expect(listNames(join(binDir, 'f'))).toEqual([]);
  });

  it('trusts no server whose authority it does not know', async () => {
    await using server = await authority.serve((_request, response) => response.end(archive));

    const refused = fetchFrom(server, 'g', { ca: undefined });

    await expect(refused).rejects.toMatchObject({
      code: 'TOFU_DOWNLOAD',
      message: expect.stringMatching(/certificate|issuer/),
    });
  });

  it('follows redirects to https, with no proof of who asks', async () => {
    const headers: IncomingMessage['headers'][] = [];
    await using server = await authority.serve((request, response) => {
      headers.push(request.headers);
      if (request.url === '/moved') return response.end(archive);
      response.writeHead(302, { location: '/moved', 'set-cookie': 'a=b' });
      return response.end();
    });

    await fetchFrom(server, 'h');

    expect(server.asked.at(-1)).toBe('/moved');
    expect(Object.keys(headers[1] ?? {}).toSorted()).toEqual(['connection', 'host', 'user-agent']);
  });

  it.each(['http://127.0.0.1:1/x', 'file:///etc/passwd', 'https://user:hush@127.0.0.1:1/x'])(
    'does not follow a redirect to %s',
    async (location) => {
      await using server = await authority.serve((_request, response) => {
        response.writeHead(301, { location });
        response.end();
      });

      const refused = await fetchFrom(server, 'i').catch((error: unknown) => error);

      expect(refused).toMatchObject({ code: 'TOFU_DOWNLOAD' });
      expect(String(refused)).not.toContain('hush');
    },
  );

  it('does not follow redirects for ever', async () => {
    await using server = await authority.serve((_request, response) => {
      response.writeHead(302, { location: '/again' });
      response.end();
    });

    await expect(fetchFrom(server, 'j')).rejects.toMatchObject({
      message: expect.stringContaining('more than 5 redirects'),
    });
  });

  it('refuses a mirror that is not https', async () => {
    const refused = fetchTofu({ ...optionsOf('k'), mirror: 'http://mirror.invalid/tofu' });

    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('is not https') });
  });

  it('knows no checksum for a platform that has none', async () => {
    const refused = fetchTofu({ ...optionsOf('l'), platform: 'sunos' });

    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining('no checksum is known for sunos'),
    });
  });

  it('refuses an archive without the file, though its checksum is right', async () => {
    execFileSync('tar', ['-czf', 'other.tar.gz', 'ca.pem'], { cwd: bench.dir });
    const other = readFileSync(join(bench.dir, 'other.tar.gz'));
    await using server = await authority.serve((_request, response) => response.end(other));
    const platform = releasePlatform(process.platform, process.arch);

    const refused = fetchFrom(server, 'm', {
      release: { ...release, sha256: { [platform]: sha256(other) } },
    });

    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('no file "tofu"') });
  });

  it('stops when it is called off', async () => {
    const stop = new AbortController();
    await using server = await authority.serve((_request, response) => {
      response.write(archive.subarray(0, 1000), () => stop.abort(new DOMException('enough', 'AbortError')));
    });

    await expect(fetchFrom(server, 'n', { signal: stop.signal })).rejects.toThrow('enough');
    expect(listNames(join(binDir, 'n'))).toEqual([]);
  });
});

describe('the pinned release', () => {
  it('has a checksum for each platform we start on', () => {
    const platforms = ['linux', 'darwin'].flatMap((os) =>
      ['x64', 'arm64'].map((arch) => releasePlatform(os, arch)),
    );

    expect(Object.keys(pinnedTofu.sha256).toSorted()).toEqual(platforms.toSorted());
    expect(Object.values(pinnedTofu.sha256).every((hash) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
    expect(new Set(Object.values(pinnedTofu.sha256)).size).toBe(4);
  });
});

function optionsOf(place: string): FetchTofuOptions {
  return {
    binDir: join(binDir, place),
    environment: {},
    ca: authority.ca,
    platform: process.platform,
    arch: process.arch,
    release,
    clock,
    signal: never,
  };
}

function fetchFrom(server: { url: string }, place: string, changes: Partial<FetchTofuOptions> = {}) {
  return fetchTofu({ ...optionsOf(place), mirror: `${server.url}/`, ...changes });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
