// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are marks of shells and templates
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { aCloudEgg, aCloudEntry } from './cloud-bench.ts';
import { renderCloudInit } from './cloud-init.ts';
import { computeDirectory, readBundleSources } from './compute-module.ts';
import type { RunnerEntry } from './runner-entry-schema.ts';

vi.setConfig({ testTimeout: 60_000 });
const sources = readBundleSources('aws');
const plain = aCloudEntry(aCloudEgg('aws'), 'vm') as RunnerEntry;
const run = promisify(execFile);

const marks = [
  '"',
  "'",
  '\\',
  '\n',
  '\r\n',
  '\t',
  ': ',
  ' #',
  '- ',
  '${x}',
  '$(id)',
  '`id`',
  '{{ 7 }}',
  '{% raw %}',
];
const odd = [
  '\u0000',
  '\u007f',
  '\u0085',
  '\u2028',
  '\u2029',
  '\ufeff',
  '😀',
  '!!python/object',
  '<<: *a',
  '---',
  '...',
  '',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...marks, ...odd), fc.string({ unit: 'grapheme' })), { maxLength: 6 })
  .map((parts) => parts.join(''));

describe('the cloud-init of a VM', () => {
  it('is YAML that means the values it was given, whatever they hold', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (user, key, token) => {
        const entry = { ...plain, ssh_user: user, ssh_public_keys: [key], bootstrap_token: token };

        const text = renderCloudInit(sources, entry) ?? '';

        for (const version of ['1.1', '1.2'] as const) {
          const read = parse(text, { version });
          expect(read.users[1]).toMatchObject({ name: user, ssh_authorized_keys: [key] });
          const [tokenFile] = read.write_files;
          expect(Buffer.from(tokenFile.content, 'base64').toString()).toBe(Buffer.from(token).toString());
          expect(Object.keys(read)).toEqual(['package_update', 'packages', 'users', 'write_files', 'runcmd']);
        }
        expect(text).toMatch(/^[\n -~]*$/);
        expect(text.startsWith('#cloud-config\n')).toBe(true);
      }),
    );
  });

  it('gives an Egg name of any letters to the unit as one word', () => {
    const entry = { ...plain, egg_name: 'we"b $(id) `id` \\ %n' };

    const { write_files } = parse(renderCloudInit(sources, entry) ?? '');

    const env = write_files.find(({ path }: { path: string }) => path === '/etc/gosling/runner.env');
    expect(Buffer.from(env.content, 'base64').toString()).toContain(
      'EGG_NAME="we\\"b \\$(id) \\`id\\` \\\\ %n"\n',
    );
  });

  it.each([
    ['egg_name', 'EGG_NAME'],
    ['gosling_url', 'GOSLING_URL'],
  ])('refuses a line break in %s: it would be another variable', (field, name) => {
    const entry = { ...plain, [field]: 'a\nGOSLING_URL=https://evil.example.com' };

    expect(() => renderCloudInit(sources, entry)).toThrow(`${name} of a machine has a control character`);
  });

  it('makes no user when there is no key to get in with', () => {
    const { users } = parse(
      renderCloudInit(sources, { ...plain, ssh_user: 'ops', ssh_public_keys: [] }) ?? '',
    );

    expect(users.map(({ name }: { name: string }) => name)).toEqual(['gitlab-runner']);
  });

  it('installs Docker for the docker executor only', () => {
    const packagesOf = (executor: 'docker' | 'shell') =>
      parse(renderCloudInit(sources, { ...plain, executor }) ?? '').packages;

    expect(packagesOf('docker')).toContain('docker.io');
    expect(packagesOf('shell')).not.toContain('docker.io');
  });

  it('never ends a unit that still has a job to finish', () => {
    const { write_files } = parse(renderCloudInit(sources, plain) ?? '');

    const unit = write_files.find(({ path }: { path: string }) => path.endsWith('.service'));
    expect(Buffer.from(unit.content, 'base64').toString()).toMatch(/^TimeoutStopSec=infinity$/m);
  });

  it('fits into the 16 KB that EC2 takes, with ten keys', () => {
    const keys = Array.from({ length: 10 }, () => `ssh-rsa ${'A'.repeat(372)} somebody@example.com`);

    const text = renderCloudInit(sources, { ...plain, ssh_public_keys: keys }) ?? '';

    expect(text.length).toBeLessThan(16_384);
  });
});

describe('the script that fetches the agent', () => {
  const agent = '#!/bin/sh\necho the agent\n';
  const sha256 = createHash('sha256').update(agent).digest('hex');

  it('asks with the token, and installs what has the right hash', async () => {
    await using server = await serve(() => ({ status: 200, body: agent }));
    using place = makePlace(server.ca);

    await fetchAgent(server.url, place, sha256);

    expect(server.seen).toEqual([
      { url: '/runners/r1/gosling?os=linux&arch=amd64', authorization: 'Bearer one-time', token: 'one-time' },
    ]);
    expect(readFileSync(place.target, 'utf8')).toBe(agent);
    expect(statSync(place.target).mode & 0o777).toBe(0o755);
  });

  it('follows a redirect without the token', async () => {
    await using server = await serve(({ url }) =>
      url === '/stored' ? { status: 200, body: agent } : { status: 302, location: '/stored' },
    );
    using place = makePlace(server.ca);

    await fetchAgent(server.url, place, sha256);

    expect(server.seen[1]).toEqual({ url: '/stored', authorization: undefined, token: undefined });
    expect(readFileSync(place.target, 'utf8')).toBe(agent);
  });

  it('refuses another agent and leaves nothing behind', async () => {
    await using server = await serve(() => ({ status: 200, body: 'another' }));
    using place = makePlace(server.ca);

    const failed = await fetchAgent(server.url, place, sha256).catch((error: unknown) => error);

    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('SHA-256 differs') });
    expect(existsSync(place.target)).toBe(false);
  });

  it('asks nobody when the right agent is there', async () => {
    await using server = await serve(() => ({ status: 500, body: '' }));
    using place = makePlace(server.ca);
    writeFileSync(place.target, agent);

    await fetchAgent(server.url, place, sha256);

    expect(server.seen).toEqual([]);
  });
});

interface Asked {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly token: unknown;
}

async function serve(answer: (asked: Asked) => { status: number; body?: string; location?: string }) {
  const dir = mkdtempSync(join(tmpdir(), 'tls-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '2',
    ...subject,
  ]);
  const seen: Asked[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    const { authorization, 'x-gosling-token': token } = request.headers;
    const asked = { url: request.url, authorization, token };
    seen.push(asked);
    const { status, body = '', location } = answer(asked);
    response.writeHead(
      status,
      location === undefined ? {} : { location: `https://localhost:${port}${location}` },
    );
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    ca: cert,
    seen,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function makePlace(ca: string) {
  const dir = mkdtempSync(join(tmpdir(), 'fetch-'));
  const token = join(dir, 'token');
  writeFileSync(token, 'one-time');
  return {
    ca,
    token,
    target: join(dir, `gosling-${randomUUID()}`),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function fetchAgent(url: string, place: ReturnType<typeof makePlace>, sha256: string) {
  return run('sh', [join(computeDirectory, 'gosling-fetch.sh')], {
    env: {
      PATH: '/usr/bin:/bin',
      CURL_CA_BUNDLE: place.ca,
      TOKEN_FILE: place.token,
      AGENT_PATH: place.target,
      GOSLING_URL: url,
      RUNNER_ID: 'r1',
      AGENT_SHA256: sha256,
      AGENT_ARCH: 'amd64',
    },
  });
}
