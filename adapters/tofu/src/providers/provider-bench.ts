// What the tests of the provider cache share; nothing else imports it.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields } from '@polar-gosling/kernel';
import type { BlobStore } from '@polar-gosling/ports/blobs';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Store } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import type { Tofu, TofuWanted } from '@polar-gosling/ports/tofu';
import { aCloudEgg, aCloudEntry, cloudAnswers, schemaPath } from '../cloud-bench.ts';
import { computeDirectory } from '../compute-module.ts';
import { releasePlatform } from '../pinned.ts';
import { type Bench, clock, createBench, createKeepingLogger } from '../test-bench.ts';
import { createTestAuthority, type TestAuthority, type TestServer } from '../test-https.ts';
import { zipFolder } from './zip-folder.ts';

const platform = releasePlatform(process.platform, process.arch);
const address = 'registry.opentofu.org/hashicorp/aws';

export interface Upstream extends AsyncDisposable {
  readonly url: string;
  readonly caFile: string;
  /** Archives that were fetched, in order. */
  fetched(): readonly string[];
  asked(): number;
  /** Versions it has from now on. */
  offer(...versions: string[]): void;
  /** Archives are sent only half from now on, and the connection stays. */
  stall(): void;
  close(): Promise<void>;
}

/** One authority and one archive for all servers: both take seconds to make. */
let made: { dir: string; authority: TestAuthority; archive: Promise<Buffer> } | undefined;

export function removeUpstreams(): void {
  if (made !== undefined) rmSync(made.dir, { recursive: true, force: true });
  made = undefined;
}

/** A network mirror with the provider of the AWS snapshot, over HTTPS on loopback. */
export async function startUpstream(snapshotMirror: string, ...versions: string[]): Promise<Upstream> {
  if (made === undefined) {
    const dir = mkdtempSync(join(tmpdir(), 'upstream-'));
    const archive = archiveOf(join(snapshotMirror, address, '6.0.0', platform));
    made = { dir, authority: createTestAuthority(dir), archive };
  }
  const { dir, authority } = made;
  const archive = await made.archive;
  let offered = versions;
  let isStalled = false;
  const server: TestServer = await authority.serve((request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('.json')) response.setHeader('content-type', 'application/json');
    const version = /\/(\d[^/]*)\.json$/.exec(path)?.[1];
    if (path === `/mirror/${address}/index.json`) {
      return response.end(JSON.stringify({ versions: Object.fromEntries(offered.map((one) => [one, {}])) }));
    }
    if (version !== undefined && offered.includes(version)) {
      return response.end(JSON.stringify({ archives: { [platform]: { url: `${version}.zip` } } }));
    }
    if (!path.endsWith('.zip')) return response.writeHead(404).end();
    response.writeHead(200, { 'content-length': archive.length });
    return isStalled ? response.write(archive.subarray(0, archive.length / 2)) : response.end(archive);
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await server[Symbol.asyncDispose]();
    isOpen = false;
  };
  return {
    url: `${server.url.replace('127.0.0.1', 'localhost')}/mirror`,
    caFile: join(dir, 'ca.pem'),
    fetched: () =>
      server.asked.filter((path) => path.endsWith('.zip')).map((path) => path.split('/').at(-1) ?? ''),
    asked: () => server.asked.length,
    offer: (...next) => {
      offered = next;
    },
    stall: () => {
      isStalled = true;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What all hosts of an installation share. */
export interface Shared {
  readonly store: Store;
  readonly blobs: BlobStore;
}

export function aShared(): Shared {
  return { store: createMemoryStore({ clock }), blobs: createMemoryBlobs() };
}

export interface Host extends AsyncDisposable {
  readonly bench: Bench;
  readonly tofu: Tofu;
  /** Its own copy of templates and modules, read anew by each run. */
  readonly computeDir: string;
  /** `providers hit`, `modules miss`, …, in order. */
  readonly used: string[];
  readonly lines: { message: string; fields: LogFields | undefined }[];
}

/** A machine with an empty disk that makes runners in AWS. */
export function aHost(
  program: string,
  at: Shared & { upstream: Upstream; mirror?: string; constraint?: string },
): Host {
  const bench = createBench(program);
  const used: string[] = [];
  const { logger, lines } = createKeepingLogger();
  const computeDir = computeWith(bench.dir, at.constraint);
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', SSL_CERT_FILE: at.upstream.caFile };
  const tofu = bench.reopen({
    logger,
    find: { bin: program, environment, allowTerraform: true },
    cloudEnvironment: async () => ({
      SNAPSHOT_SCHEMA: schemaPath('aws'),
      SNAPSHOT_VALUES: JSON.stringify(cloudAnswers),
    }),
    computeDir,
    cache: {
      ...{ store: at.store, blobs: at.blobs, mirror: at.mirror ?? at.upstream.url },
      onUse: (cache, result) => used.push(`${cache} ${result}`),
    },
  });
  return { bench, tofu, computeDir, used, lines, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

/** One machine, under a name. */
export function oneMachine(id = 'r1'): TofuWanted {
  const entry = aCloudEntry(aCloudEgg('aws'), 'vm', { id });
  return {
    egg: 'web',
    shard: 0,
    provider: 'aws',
    region: 'eu-central-1',
    entries: new Map([[id, JSON.stringify(entry)]]),
  };
}

function computeWith(dir: string, constraint = '>= 6.0.0, < 7.0.0'): string {
  const copy = mkdtempSync(join(dir, 'compute-'));
  cpSync(computeDirectory, copy, { recursive: true });
  for (const name of ['tofu_versions.tf.j2', 'aws/versions.tf']) {
    const text = readFileSync(join(copy, name), 'utf8');
    writeFileSync(join(copy, name), text.replace('>= 6.0.0, < 7.0.0', constraint));
  }
  return copy;
}

async function archiveOf(folder: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of zipFolder(folder)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
