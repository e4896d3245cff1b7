import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@polar-gosling/kernel';
import {
  type Binaries,
  type BinarySource,
  binaryErrors,
  binaryRequestProblem,
  isVersion,
  type KeptBinary,
} from '@polar-gosling/ports/binaries';
import { type BlobStore, blobErrors } from '@polar-gosling/ports/blobs';
import type { HostEnvironment } from '../environment.ts';
import { releasePlatform } from '../pinned.ts';
import { type FetchContext, fetchRelease, type SourceAddresses } from './fetch-release.ts';
import { createHostFolder, type HostFolder } from './host-folder.ts';
import { listReleases } from './list-releases.ts';
import { fileNameOf, type Program } from './program.ts';
import { sha256OfFile } from './sha256-of-file.ts';

export interface BinariesOptions {
  readonly program: Program;
  /** Where `{program}-{version}` stand on this host. */
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
    async ensure({ version, sha256 }, { signal }) {
      const path = host.pathOf(checkVersion(version));
      if ((await sha256OfFile(path)) === sha256) return path;
      return host.locked(version, signal, async (work) => {
        if ((await sha256OfFile(path)) === sha256) return path;
        const source = await blobs.openRead(blobKey(program, { version, platform }), { signal });
        if (source === undefined) return undefined;
        const file = join(work, 'binary');
        if ((await writeStream(source, file)) !== sha256) throw wrongBytes(program, { version, platform });
        await host.put(file, version);
        return path;
      });
    },
    async read({ version, platform: of, sha256 }, call) {
      const bytes = await blobs.read(
        blobKey(program, { version: checkVersion(version), platform: of }),
        call,
      );
      if (bytes !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw wrongBytes(program, { version, platform: of });
      }
      return bytes;
    },
    use: (version, { signal }) => host.use(checkVersion(version), signal),
    async remove(binary, { signal }) {
      checkVersion(binary.version);
      if (binary.platform === platform) await host.remove(binary.version, signal);
      await blobs.remove(blobKey(program, binary), { signal });
    },
    tidy: (versions, { signal }) => host.tidy(versions, signal),
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
  await blobs.writeFrom(blobKey(program, wanted), createReadStream(path), { signal: context.signal });
  if (at.isOurs) await host.put(path, version);
  return { version, platform, source: source.kind, sha256, provedBy };
}

function blobKey(program: Program, { version, platform }: { version: string; platform: string }): string {
  return `${program.blobs}/${version}/${platform}/${fileNameOf(program, platform)}`;
}

function wrongBytes(program: Program, binary: { version: string; platform: string }) {
  return blobErrors.corrupt({ key: blobKey(program, binary) });
}

function checkRequest(request: { version: string; platform: string; source: BinarySource }): void {
  const problem = binaryRequestProblem(request);
  if (problem !== undefined) throw binaryErrors.badRequest(problem);
}

function checkVersion(version: string): string {
  if (isVersion(version)) return version;
  throw binaryErrors.badRequest({
    problem: `${JSON.stringify(version.slice(0, 40))} is no version`,
    fix: 'write it as 1.12.6',
  });
}

async function writeStream(source: AsyncIterable<Uint8Array>, path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
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
