import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sha256Hex } from '@polar-gosling/kernel';
import {
  type Binaries,
  type BinarySource,
  type Build,
  binaryErrors,
  binaryRequestProblem,
  isVersion,
  type KeptBinary,
} from '@polar-gosling/ports/binaries';
import {
  asideKeyOf,
  type BlobStore,
  blobErrors,
  contentHashOf,
  contentKey,
} from '@polar-gosling/ports/blobs';
import type { HostEnvironment } from '../environment.ts';
import { releasePlatform } from '../pinned.ts';
import { type FetchContext, fetchRelease, type SourceAddresses } from './fetch-release.ts';
import { createHostFolder, type HostFolder } from './host-folder.ts';
import { listReleases } from './list-releases.ts';
import { fileNameOf, type Program } from './program.ts';
import { sha256OfFile } from './sha256-of-file.ts';

export interface BinariesOptions {
  readonly program: Program;
  /** Where `{program}-{version}+{sha256}` stand on this host. */
  readonly binDir: string;
  readonly blobs: BlobStore;
  /** For proxies. */
  readonly environment: HostEnvironment;
  readonly clock: Clock;
  /** PEM of authorities to trust beside the host's. */
  readonly ca?: string | undefined;
  readonly addresses?: Partial<SourceAddresses>;
  readonly stallMs?: number;
  readonly totalMs?: number;
  readonly platform?: { readonly os: string; readonly arch: string };
}

/** Manages the versions of one program: one mechanism, whatever the program. */
export function createBinaries(options: BinariesOptions): Binaries {
  const { program, blobs } = options;
  const { os, arch } = options.platform ?? { os: process.platform, arch: process.arch };
  const platform = releasePlatform(os, arch);
  const addresses = {
    github: 'https://github.com',
    githubApi: 'https://api.github.com',
    ...options.addresses,
  };
  const context = (signal: AbortSignal): FetchContext => ({
    environment: options.environment,
    ca: options.ca,
    stallMs: options.stallMs,
    totalMs: options.totalMs,
    signal,
  });
  const host = createHostFolder(options);
  return {
    platform,
    available: (source, { signal }) => listReleases({ program, source, addresses }, context(signal)),
    async install(request, { signal, onProgress }) {
      const wanted = {
        version: request.version,
        platform: request.platform ?? platform,
        source: request.source,
      };
      checkRequest(wanted);
      return host.locked(wanted.version, signal, (work) =>
        install({ ...options, addresses, host, isOurs: wanted.platform === platform }, wanted, {
          ...context(signal),
          work,
          ...(onProgress && { onProgress }),
        }),
      );
    },
    async ensure(build, { signal }) {
      checkVersion(build.version);
      const path = await host.find(build);
      if (path !== undefined) return path;
      return host.locked(build.version, signal, async (work) => {
        const file = join(work, 'binary');
        const meanwhile = await host.find(build);
        if (meanwhile !== undefined) return meanwhile;
        for (const key of keysOf(program, { ...build, platform })) {
          const source = await blobs.openRead(key, { signal });
          if (source === undefined) continue;
          if (isWanted(key, await writeStream(source, file), build)) return host.put(file, build);
        }
        return undefined;
      });
    },
    async read(binary, call) {
      checkVersion(binary.version);
      for (const key of keysOf(program, binary)) {
        const bytes = await blobs.read(key, call);
        if (bytes !== undefined && isWanted(key, sha256Hex(bytes), binary)) return bytes;
      }
      return undefined;
    },
    async use(build, { signal }) {
      checkVersion(build.version);
      await host.use(build, signal);
    },
    tidy: (builds, { signal }) => host.tidy(builds, signal),
  };
}

interface Installing extends BinariesOptions {
  readonly addresses: SourceAddresses;
  readonly host: HostFolder;
  readonly isOurs: boolean;
}

async function install(
  at: Installing,
  wanted: { version: string; platform: string; source: BinarySource },
  context: FetchContext & { work: string },
): Promise<KeptBinary> {
  const { program, addresses, blobs, host } = at;
  const { version, platform, source } = wanted;
  const fetching = { ...wanted, program, addresses, work: context.work };
  const { path, provedBy } = await fetchRelease(fetching, context);
  const sha256 = await sha256OfFile(path);
  if (sha256 === undefined) throw binaryErrors.unwritable({ path, reason: 'it is gone' });
  const key = blobKey(program, { version, platform, sha256 });
  await blobs.writeFrom(key, createReadStream(path), { signal: context.signal });
  if (at.isOurs) await host.put(path, { version, sha256 });
  return { version, platform, source: source.kind, sha256, provedBy };
}

type Placed = Build & Pick<KeptBinary, 'platform'>;

function blobKey(program: Program, { version, platform, sha256 }: Placed): string {
  return contentKey(`${program.blobs}/${version}/${platform}`, sha256);
}

/** Where it may lie: in its place, aside, or where an earlier release put whichever build came last. */
function keysOf(program: Program, binary: Placed): readonly string[] {
  const { version, platform } = binary;
  const key = blobKey(program, binary);
  return [key, asideKeyOf(key), `${program.blobs}/${version}/${platform}/${fileNameOf(program, platform)}`];
}

/** Not of another build; fails with BLOB_CORRUPT where the key says that it must be this one. */
function isWanted(key: string, sha256: string, wanted: Pick<Build, 'sha256'>): boolean {
  if (sha256 === wanted.sha256) return true;
  if (contentHashOf(key) === undefined) return false;
  throw blobErrors.corrupt({ key });
}

function checkRequest(request: { version: string; platform: string; source: BinarySource }): void {
  const problem = binaryRequestProblem(request);
  if (problem !== undefined) throw binaryErrors.badRequest(problem);
}

function checkVersion(version: string): void {
  if (isVersion(version)) return;
  throw binaryErrors.badRequest({
    problem: `${JSON.stringify(version.slice(0, 40))} is no version`,
    fix: 'write it as 1.12.6',
  });
}

async function writeStream(source: AsyncIterable<Uint8Array>, path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'w', 0o600);
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
