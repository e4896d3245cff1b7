import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Secret } from '@polar-gosling/kernel';
import type { Binaries, BinarySource, FetchProgress } from '@polar-gosling/ports/binaries';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { createMessage, generateKey, readPrivateKey, sign } from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock, createBench, listNames, never } from '../test-bench.ts';
import { createTestAuthority, type TestAuthority, type TestServer } from '../test-https.ts';
import { readActive } from './active.ts';
import { type BinariesOptions, createBinaries } from './create-binaries.ts';
import { goslingProgram, type Program, tofuProgram } from './program.ts';

const dir = mkdtempSync(join(tmpdir(), 'binaries-'));
const call = { signal: never };
const binary = "#!/bin/sh\necho 'OpenTofu v1.12.6'\n";
const archiveName = 'tofu_1.12.6_linux_amd64.tar.gz';
let authority: TestAuthority;
let archive: Buffer;
let armoredKey: string;
let otherKey: string;
let fingerprint: string;
let signed: (text: string) => Promise<Uint8Array>;

beforeAll(async () => {
  authority = createTestAuthority(dir);
  mkdirSync(join(dir, 'content'));
  writeFileSync(join(dir, 'content', 'tofu'), binary);
  writeFileSync(join(dir, 'content', 'LICENSE'), 'text');
  execFileSync('tar', ['-czf', '../archive.tar.gz', 'LICENSE', 'tofu'], { cwd: join(dir, 'content') });
  archive = readFileSync(join(dir, 'archive.tar.gz'));
  const newKey = () => generateKey({ userIDs: [{ name: 'releases' }], format: 'armored' });
  const pair = await newKey();
  otherKey = (await newKey()).publicKey;
  const privateKey = await readPrivateKey({ armoredKey: pair.privateKey });
  armoredKey = pair.publicKey;
  fingerprint = privateKey.getFingerprint().toUpperCase();
  signed = async (text) =>
    sign({
      message: await createMessage({ text }),
      signingKeys: privateKey,
      detached: true,
      format: 'binary',
    });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('installing a release of GitHub', () => {
  it('proves the checksum by the signature, unpacks, keeps it in Blobs and here', async () => {
    await using server = await authority.serve(await release());
    const { binaries, binDir, blobs } = fixture(server);
    const told: FetchProgress[] = [];
    const onProgress = (progress: FetchProgress) => void told.push(progress);

    const kept = await binaries.install(github, { ...call, onProgress });

    const { length } = archive;
    expect(told).toEqual([{ receivedBytes: length, totalBytes: length }]);
    const base = '/opentofu/opentofu/releases/download/v1.12.6/tofu_1.12.6';
    expect(kept).toEqual({
      ...{ version: '1.12.6', platform: 'linux_amd64', source: 'github' },
      ...{ sha256: sha256(binary), provedBy: 'signature' },
    });
    expect(server.asked).toEqual([
      `${base}_SHA256SUMS`,
      `${base}_SHA256SUMS.gpgsig`,
      '/opentofu.asc',
      `${base}_linux_amd64.tar.gz`,
    ]);
    expect(listNames(binDir)).toEqual([file]);
    expect(statSync(join(binDir, file)).mode & 0o777).toBe(0o755);
    expect(await blobs.list('', 10, call)).toEqual([`tofu-binaries/1.12.6/linux_amd64/${sha256(binary)}`]);
  });

  it('takes a signature in ASCII armour as well', async () => {
    const routes = await routesOf();
    const armored = await armour(routes[`${releaseBase}/tofu_1.12.6_SHA256SUMS.gpgsig`] as Uint8Array);
    await using server = await authority.serve(
      answering({ ...routes, [`${releaseBase}/tofu_1.12.6_SHA256SUMS.gpgsig`]: armored }),
    );

    const kept = await fixture(server).binaries.install(github, call);

    expect(kept.provedBy).toBe('signature');
  });

  it('installs for another platform without putting it on this host', async () => {
    await using server = await authority.serve(await release('tofu_1.12.6_windows_arm64.tar.gz', 'tofu.exe'));
    const { binaries, binDir, blobs } = fixture(server);

    const kept = await binaries.install({ ...github, platform: 'windows_arm64' }, call);

    expect(kept.platform).toBe('windows_arm64');
    expect(listNames(binDir)).toEqual([]);
    expect(await blobs.list('', 10, call)).toEqual([`tofu-binaries/1.12.6/windows_arm64/${sha256(binary)}`]);
    const bytes = await binaries.read(kept, call);
    expect(Buffer.from(bytes ?? []).toString()).toBe(binary);
  });

  it.each(['linux', 'darwin', 'windows'].flatMap((os) => [`${os}_amd64`, `${os}_arm64`]))(
    'has an archive for %s',
    async (platform) => {
      const file = platform.startsWith('windows') ? 'tofu.exe' : 'tofu';
      await using server = await authority.serve(await release(`tofu_1.12.6_${platform}.tar.gz`, file));

      const kept = await fixture(server).binaries.install({ ...github, platform }, call);

      expect(kept).toMatchObject({ platform, sha256: sha256(binary) });
    },
  );

  it.each([
    ['sums that another key signed', async () => ({ '/opentofu.asc': otherKey }), 'the key is another one'],
    [
      'sums that were changed after they were signed',
      async () => ({ [`${releaseBase}/tofu_1.12.6_SHA256SUMS`]: `${sumsText()}# more\n` }),
      'signature',
    ],
    [
      'a file that is no signature',
      async () => ({ [`${releaseBase}/tofu_1.12.6_SHA256SUMS.gpgsig`]: 'rubbish' }),
      'BINARY_SIGNATURE',
    ],
  ])('refuses %s, and keeps nothing', async (_what, changes, reason) => {
    await using server = await authority.serve(answering({ ...(await routesOf()), ...(await changes()) }));
    const { binaries, binDir, blobs } = fixture(server);

    const refused = await binaries.install(github, call).catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: 'BINARY_SIGNATURE' });
    expect(`${(refused as { code: string }).code} ${refused}`.toLowerCase()).toContain(reason.toLowerCase());
    expect(listNames(binDir)).toEqual([]);
    expect(await blobs.list('', 10, call)).toEqual([]);
    expect(server.asked.join()).not.toContain('.tar.gz');
  });

  it('refuses an archive with another checksum, and keeps nothing', async () => {
    const other = Buffer.concat([archive, Buffer.of(0)]);
    await using server = await authority.serve(
      answering({ ...(await routesOf()), [`${releaseBase}/${archiveName}`]: other }),
    );
    const { binaries, binDir, blobs } = fixture(server);

    await expect(binaries.install(github, call)).rejects.toMatchObject({ code: 'BINARY_CHECKSUM' });
    expect(listNames(binDir)).toEqual([]);
    expect(await blobs.list('', 10, call)).toEqual([]);
  });

  it('takes the sum of no file whose name only ends alike', async () => {
    const sums = `${sha256(archive)}  other_${archiveName}\n`;
    await using server = await authority.serve(answering(await routesOf(sums)));

    await expect(fixture(server).binaries.install(github, call)).rejects.toMatchObject({
      code: 'BINARY_DOWNLOAD',
      message: expect.stringContaining(`names no ${archiveName}`),
    });
  });

  it('says so when there is no such version', async () => {
    await using server = await authority.serve(answering({}));

    await expect(fixture(server).binaries.install(github, call)).rejects.toMatchObject({
      code: 'BINARY_DOWNLOAD',
      message: expect.stringContaining('answered 404; is the version right?'),
    });
  });

  it('does not take half a file for the whole', async () => {
    const answer = await release();
    await using server = await authority.serve((request, response) => {
      if (!request.url?.endsWith('.tar.gz')) return answer(request, response);
      response.setHeader('content-length', archive.length);
      return response.write(archive.subarray(0, 50), () => response.destroy());
    });
    const { binaries, binDir } = fixture(server);

    await expect(binaries.install(github, call)).rejects.toMatchObject({ code: 'BINARY_DOWNLOAD' });
    expect(listNames(binDir)).toEqual([]);
  });

  it('gives up on a sender that falls silent', async () => {
    const answer = await release();
    await using server = await authority.serve((request, response) =>
      request.url?.endsWith('.tar.gz') ? response.write(archive.subarray(0, 50)) : answer(request, response),
    );
    const { binaries, binDir } = fixture(server, { stallMs: 300 });

    await expect(binaries.install(github, call)).rejects.toMatchObject({
      code: 'BINARY_DOWNLOAD',
      message: expect.stringMatching(/timeout/i),
    });
    expect(listNames(binDir)).toEqual([]);
  });

  it('gives up on a sender that only drips', { timeout: 20_000 }, async () => {
    const answer = await release();
    await using server = await authority.serve((request, response) => {
      if (!request.url?.endsWith('.tar.gz')) return answer(request, response);
      const drip = setInterval(() => response.write('x'), 50);
      return response.on('close', () => clearInterval(drip));
    });
    const { binaries, binDir } = fixture(server, { stallMs: 2_000, totalMs: 1_000 });

    await expect(binaries.install(github, call)).rejects.toMatchObject({
      code: 'BINARY_DOWNLOAD',
      message: expect.stringContaining('it took too long'),
    });
    expect(listNames(binDir)).toEqual([]);
  });

  it('fetches once at a time for two who ask', async () => {
    let now = 0;
    let most = 0;
    const answer = await release();
    await using server = await authority.serve((request, response) => {
      most = Math.max(most, ++now);
      response.on('close', () => now--);
      return answer(request, response);
    });
    const { binaries, binDir } = fixture(server);

    const [a, b] = await Promise.all([binaries.install(github, call), binaries.install(github, call)]);

    expect(a).toEqual(b);
    expect(most).toBe(1);
    expect(listNames(binDir)).toEqual([file]);
  });

  it.each(['../../etc/passwd', '1.12', 'v1.12.6', '1.12.6/..', '1.12.6\n', ''])(
    'refuses %j as a version before it asks anybody',
    async (version) => {
      await using server = await authority.serve(answering({}));

      const refused = fixture(server).binaries.install({ version, source: { kind: 'github' } }, call);

      await expect(refused).rejects.toMatchObject({ code: 'BINARY_BAD_REQUEST' });
      expect(server.asked).toEqual([]);
    },
  );
});

describe('installing from a mirror of the releases', () => {
  const mirrored = (url: string) => ({ mirror: `${url}/opentofu/` });
  const mirrorFiles = async () =>
    Object.fromEntries(
      Object.entries(await routesOf()).map(([path, body]) => [
        path.replace('/opentofu/opentofu/releases/download', '/opentofu'),
        body,
      ]),
    );

  it('asks the mirror alone where it has the key too, and proves what it gives by the signature', async () => {
    const { '/opentofu.asc': key, ...files } = await mirrorFiles();
    await using mirror = await authority.serve(answering({ ...files, '/opentofu/opentofu.asc': key ?? '' }));
    await using official = await authority.serve(await release());
    const addresses = { github: official.url, ...mirrored(mirror.url) };

    const kept = await fixture(official, { addresses }).binaries.install(github, call);

    expect(kept).toMatchObject({ source: 'github', provedBy: 'signature', sha256: sha256(binary) });
    expect(official.asked).toEqual([]);
    expect(mirror.asked.at(-1)).toBe(`/opentofu/v1.12.6/${archiveName}`);
  });

  it('asks the maker for a key that it has not, and sends no proof of us there', async () => {
    const { '/opentofu.asc': _, ...files } = await mirrorFiles();
    const seen: (string | undefined)[] = [];
    const answer = await release();
    await using mirror = await authority.serve(answering(files));
    await using official = await authority.serve((request, response) => {
      seen.push(request.headers.authorization);
      return answer(request, response);
    });
    const addresses = { github: official.url, ...mirrored(mirror.url) };
    const auth = { kind: 'bearer', secret: new Secret('hush-hush-1') } as const;
    const request = { ...github, source: { ...github.source, auth } };

    const kept = await fixture(official, { addresses }).binaries.install(request, call);

    expect(kept.provedBy).toBe('signature');
    expect(official.asked).toEqual(['/opentofu.asc']);
    expect(seen).toEqual([undefined]);
  });

  it('takes nothing of it that is not signed by that key', async () => {
    const files = await mirrorFiles();
    await using mirror = await authority.serve(
      answering({ ...files, '/opentofu/opentofu.asc': otherKey, '/opentofu.asc': otherKey }),
    );
    const { binaries, binDir } = fixture(mirror, { addresses: mirrored(mirror.url) });

    await expect(binaries.install(github, call)).rejects.toMatchObject({ code: 'BINARY_SIGNATURE' });
    expect(listNames(binDir)).toEqual([]);
  });

  it('is not asked for another repository', async () => {
    await using mirror = await authority.serve(answering({}));
    await using official = await authority.serve(answering({}));
    const addresses = { github: official.url, ...mirrored(mirror.url) };
    const source = { kind: 'github', repository: 'team/fork' } as const;

    const refused = fixture(official, { addresses }).binaries.install({ ...github, source }, call);

    await expect(refused).rejects.toMatchObject({ code: 'BINARY_DOWNLOAD' });
    expect(mirror.asked).toEqual([]);
    expect(official.asked).toEqual(['/team/fork/releases/download/v1.12.6/tofu_1.12.6_SHA256SUMS']);
  });
});

describe('listing what GitHub has', () => {
  it('goes through all pages and orders versions, newest first', async () => {
    let url = '';
    await using server = await authority.serve((request, response) => {
      const isSecond = request.url?.includes('page=2');
      if (!isSecond) {
        response.setHeader(
          'link',
          `<${url}/repos/opentofu/opentofu/releases?page=2>; rel="next", <${url}/x>; rel="last"`,
        );
      }
      const tags = isSecond ? ['v1.9.4', 'nightly', 'v1.12.6'] : ['v1.12.0-rc1', 'v1.12.0', 'v../../x'];
      response.end(JSON.stringify(tags.map((tag_name) => ({ tag_name, draft: tag_name === 'v1.12.6' }))));
    });
    ({ url } = server);

    const versions = await fixture(server).binaries.available({ kind: 'github' }, call);

    expect(versions).toEqual(['1.12.0', '1.12.0-rc1', '1.9.4']);
  });

  it('says what it was given instead of a list', async () => {
    await using server = await authority.serve((_request, response) => response.end('<html>sorry</html>'));

    await expect(fixture(server).binaries.available({ kind: 'github' }, call)).rejects.toMatchObject({
      code: 'BINARY_DOWNLOAD',
      message: expect.stringContaining('no list of releases'),
    });
  });
});

describe('installing from an address of one’s own', () => {
  it.each([
    [{ kind: 'bearer', secret: new Secret('hush-hush-1') }, { authorization: 'Bearer hush-hush-1' }],
    [{ kind: 'token', secret: new Secret('hush-hush-1') }, { authorization: 'token hush-hush-1' }],
    [
      { kind: 'header', name: 'X-JFrog-Art-Api', secret: new Secret('hush-hush-1') },
      { 'x-jfrog-art-api': 'hush-hush-1' },
    ],
  ] as const)('proves itself by %o to that origin, and to no other it is sent to', async (auth, header) => {
    const seen: IncomingMessage['headers'][] = [];
    await using elsewhere = await authority.serve((request, response) => {
      seen.push(request.headers);
      response.end(archive);
    });
    await using server = await authority.serve((request, response) => {
      seen.push(request.headers);
      response.writeHead(302, { location: request.url === '/again' ? elsewhere.url : '/again' });
      response.end();
    });
    const source: BinarySource = { ...ownSource(server, archive), auth };

    const kept = await fixture(server).binaries.install({ version: '1.12.6', source }, call);

    expect(kept).toMatchObject({ source: 'other', provedBy: 'checksum' });
    expect(seen).toHaveLength(3);
    expect(seen[0]).toMatchObject(header);
    expect(seen[1]).toMatchObject(header);
    expect(JSON.stringify(seen[2])).not.toContain('hush');
    expect(server.asked[0]).toBe('/mirror/1.12.6/linux-amd64.tgz');
  });

  it('takes a plain binary too', async () => {
    await using server = await authority.serve((_request, response) => response.end(binary));

    const kept = await fixture(server).binaries.install(
      { version: '1.12.6', source: ownSource(server, Buffer.from(binary)) },
      call,
    );

    expect(kept.sha256).toBe(sha256(binary));
  });

  it('wants the SHA-256 beforehand', async () => {
    await using server = await authority.serve(answering({}));
    const source = { ...ownSource(server, archive), sha256: 'unknown' };

    await expect(fixture(server).binaries.install({ version: '1.12.6', source }, call)).rejects.toMatchObject(
      { code: 'BINARY_BAD_REQUEST', message: expect.stringContaining('--sha256') },
    );
  });

  it('refuses a template that it cannot fill, http, and a password in the address', async () => {
    await using server = await authority.serve(answering({}));
    const { binaries } = fixture(server);
    const from = (url: string) =>
      binaries.install({ version: '1.12.6', source: { ...ownSource(server, archive), url } }, call);

    await expect(from(`${server.url}/{secret}`)).rejects.toMatchObject({ code: 'BINARY_BAD_REQUEST' });
    await expect(from('http://127.0.0.1:1/x')).rejects.toMatchObject({ code: 'BINARY_BAD_REQUEST' });
    const refused = await from('https://user:hush@127.0.0.1:1/x').catch(String);
    expect(refused).toContain('a user or a password');
    expect(refused).not.toContain('hush');
  });
});

describe('using versions', () => {
  it('brings one from Blobs to a host that has it not, and runs that one', async () => {
    await using server = await authority.serve(await release());
    const first = fixture(server);
    const kept = await first.binaries.install(github, call);
    const second = fixture(server, {}, first.blobs);

    const path = await second.binaries.ensure(kept, call);
    await second.binaries.use(kept, call);

    expect(path).toBe(join(second.binDir, file));
    expect(readFileSync(path ?? '', 'utf8')).toBe(binary);
    expect(`tofu-${await readActive(second.binDir, 'tofu')}`).toBe(file);
  });

  it('runs the one in use at the next run, also an older one than others that are here', async () => {
    await using server = await authority.serve((request, response) =>
      response.end(`#!/bin/sh\necho 'OpenTofu v${/\/mirror\/([^/]+)/.exec(request.url ?? '')?.[1]}'\n`),
    );
    await using bench = createBench('');
    const { binaries } = fixture(server, { binDir: join(bench.dataDir, 'bin') });
    for (const version of ['1.12.5', '1.12.6']) {
      const bytes = Buffer.from(`#!/bin/sh\necho 'OpenTofu v${version}'\n`);
      await binaries.install({ version, source: ownSource(server, bytes) }, call);
    }
    const find = { environment: { PATH: '/usr/bin:/bin' }, allowTerraform: false };
    const tofu = bench.reopen({ find });

    const found: unknown[] = [await tofu.tool(call)];
    for (const version of ['1.12.5', '1.12.6', '1.12.5']) {
      await binaries.use({ version, sha256: sha256(`#!/bin/sh\necho 'OpenTofu v${version}'\n`) }, call);
      found.push(await tofu.tool(call));
    }

    const managed = (version: string) => ({ version, product: 'opentofu', source: 'managed' });
    expect(found).toMatchObject(['1.12.6', '1.12.5', '1.12.6', '1.12.5'].map(managed));
  });

  it('replaces a file that was changed on this host', async () => {
    await using server = await authority.serve(await release());
    const { binaries, binDir } = fixture(server);
    const kept = await binaries.install(github, call);
    writeFileSync(join(binDir, file), 'changed');

    await binaries.ensure(kept, call);

    expect(readFileSync(join(binDir, file), 'utf8')).toBe(binary);
  });

  it('runs nothing that Blobs hold in other bytes', async () => {
    await using server = await authority.serve(await release());
    const { binaries, binDir, blobs } = fixture(server);
    const kept = await binaries.install(github, call);
    rmSync(join(binDir, file));
    blobs.read = async () => Buffer.from('poisoned');
    blobs.openRead = async () => Readable.from([Buffer.from('poisoned')]);

    await expect(binaries.ensure(kept, call)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    await expect(binaries.read(kept, call)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    expect(listNames(binDir)).toEqual([]);
  });

  it('does not use what is not here', async () => {
    await using server = await authority.serve(await release());
    const { binaries } = fixture(server);
    const kept = await binaries.install(github, call);
    const other = { ...kept, sha256: sha256('another build') };

    await expect(binaries.use({ ...kept, version: '1.9.0' }, call)).rejects.toMatchObject({
      code: 'BINARY_UNKNOWN_VERSION',
    });
    await expect(binaries.use(other, call)).rejects.toMatchObject({ code: 'BINARY_UNKNOWN_VERSION' });
    expect(await binaries.ensure(other, call)).toBeUndefined();
  });

  it('says which folder cannot be written', async () => {
    await using server = await authority.serve(await release());
    const file = join(dir, 'a-file');
    writeFileSync(file, '');
    const { binaries } = fixture(server, { binDir: join(file, 'bin') });

    await expect(binaries.install(github, call)).rejects.toMatchObject({
      code: 'BINARY_UNWRITABLE',
      message: expect.stringContaining(join(file, 'bin')),
    });
  });
});

describe('the agent’s own binary', () => {
  it('is managed by the same mechanism, under its own name and place', async () => {
    const content = join(dir, 'gosling-content');
    mkdirSync(content);
    writeFileSync(join(content, 'gosling'), 'agent');
    execFileSync('tar', ['-czf', '../gosling.tar.gz', 'gosling'], { cwd: content });
    const bytes = readFileSync(join(dir, 'gosling.tar.gz'));
    const base = '/team/gosling/releases/download/v0.4.0/gosling_0.4.0';
    await using server = await authority.serve(
      answering({
        [`${base}_SHA256SUMS`]: `${sha256(bytes)}  gosling_0.4.0_linux_arm64.tar.gz\n`,
        [`${base}_linux_arm64.tar.gz`]: bytes,
      }),
    );
    const { binaries, blobs } = fixture(server, { program: goslingProgram });
    const source = { kind: 'github', repository: 'team/gosling' } as const;

    const kept = await binaries.install({ version: '0.4.0', platform: 'linux_arm64', source }, call);

    expect(kept).toMatchObject({ provedBy: 'checksum', sha256: sha256('agent') });
    expect(await blobs.list('', 10, call)).toEqual([`gosling-binaries/0.4.0/linux_arm64/${sha256('agent')}`]);
    await expect(binaries.available({ kind: 'github' }, call)).rejects.toMatchObject({
      code: 'BINARY_BAD_REQUEST',
    });
  });
});

const releaseBase = '/opentofu/opentofu/releases/download/v1.12.6';
const github = { version: '1.12.6', source: { kind: 'github' } } as const;
const file = `tofu-1.12.6+${sha256(binary)}`;

function fixture(server: TestServer, changes: Partial<BinariesOptions> = {}, blobs = createMemoryBlobs()) {
  const binDir = changes.binDir ?? mkdtempSync(join(dir, 'bin-'));
  const program: Program = {
    ...tofuProgram,
    signer: { url: `${server.url}/opentofu.asc`, fingerprint },
  };
  const binaries: Binaries = createBinaries({
    program,
    binDir,
    blobs,
    environment: {},
    clock,
    ca: authority.ca,
    addresses: { github: server.url, githubApi: server.url },
    platform: { os: 'linux', arch: 'x64' },
    ...changes,
  });
  return { binaries, binDir, blobs };
}

function ownSource(server: TestServer, bytes: Uint8Array) {
  return {
    kind: 'other',
    url: `${server.url}/mirror/{version}/{os}-{arch}.tgz`,
    sha256: sha256(bytes),
  } as const;
}

function sumsText(name = archiveName, bytes: Uint8Array = archive): string {
  return `${'0'.repeat(64)}  tofu_1.12.6_plan9_386.tar.gz\n${sha256(bytes)}  ${name}\n`;
}

type Routes = Record<string, string | Uint8Array>;

async function routesOf(sums = sumsText(), more: Routes = { [`${releaseBase}/${archiveName}`]: archive }) {
  return {
    [`${releaseBase}/tofu_1.12.6_SHA256SUMS`]: sums,
    [`${releaseBase}/tofu_1.12.6_SHA256SUMS.gpgsig`]: await signed(sums),
    '/opentofu.asc': armoredKey,
    ...more,
  } satisfies Routes;
}

async function release(name = archiveName, file = 'tofu') {
  const content = mkdtempSync(join(dir, 'release-'));
  writeFileSync(join(content, file), binary);
  execFileSync('tar', ['-czf', 'archive.tar.gz', file], { cwd: content });
  const bytes = name === archiveName ? archive : readFileSync(join(content, 'archive.tar.gz'));
  return answering(await routesOf(sumsText(name, bytes), { [`${releaseBase}/${name}`]: bytes }));
}

function answering(routes: Routes) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const body = routes[request.url ?? ''];
    response.statusCode = body === undefined ? 404 : 200;
    response.end(body ?? 'no');
  };
}

async function armour(signature: Uint8Array): Promise<string> {
  const { readSignature } = await import('openpgp');
  return (await readSignature({ binarySignature: signature })).armor();
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
