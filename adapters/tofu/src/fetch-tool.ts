import { chmod, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isCoded } from '@polar-gosling/kernel';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import { downloadFile, reasonOf, shownUrl } from './binaries/download.ts';
import { withVersionLock } from './binaries/version-lock.ts';
import type { HostEnvironment } from './environment.ts';
import { pinnedTofu, releasePlatform, type TofuRelease } from './pinned.ts';
import { extractFile } from './untar.ts';

const archiveLimitBytes = 200 * 1024 * 1024;
const binaryLimitBytes = 500 * 1024 * 1024;
const lockWaitMs = 15 * 60_000;

export interface FetchTofuOptions {
  /** Where `tofu-{version}` goes. */
  readonly binDir: string;
  /** `GOSLING_TOFU_MIRROR`: `{mirror}/v{version}/{file}`, as the official address; https only. */
  readonly mirror?: string | undefined;
  /** For proxies. */
  readonly environment: HostEnvironment;
  /** PEM of authorities to trust beside the host's. */
  readonly ca?: string | undefined;
  readonly platform: string;
  readonly arch: string;
  /** The release to fetch; the pinned one. */
  readonly release?: TofuRelease;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onProgress?(progress: { readonly receivedBytes: number; readonly totalBytes: number | undefined }): void;
}

/**
 * Fetches the pinned OpenTofu, compares its SHA-256 and puts it in place; answers its path. Already there: nothing
 * is fetched. Fails with TOFU_DOWNLOAD or TOFU_CHECKSUM, then nothing of it stays.
 */
export async function fetchTofu(options: FetchTofuOptions): Promise<string> {
  const release = options.release ?? pinnedTofu;
  const { binDir, clock, signal } = options;
  const { version } = release;
  const target = join(binDir, `tofu-${version}`);
  const locked = { binDir, kind: 'tofu', version, clock, waitMs: lockWaitMs, signal } as const;
  return withVersionLock(locked, async (work) => {
    if (await isThere(target)) return target;
    const binary = await fetchInto(work, release, options);
    await chmod(binary, 0o755);
    await rename(binary, target);
    return target;
  });
}

async function fetchInto(work: string, release: TofuRelease, options: FetchTofuOptions): Promise<string> {
  const platform = releasePlatform(options.platform, options.arch);
  const base = (options.mirror ?? release.base).replace(/\/+$/, '');
  const url = `${base}/v${release.version}/tofu_${release.version}_${platform}.tar.gz`;
  const expected = release.sha256[platform];
  if (expected === undefined) {
    throw tofuErrors.download({ url: shownUrl(url), reason: `no checksum is known for ${platform}` });
  }
  const archive = join(work, 'archive.tar.gz');
  const binary = join(work, 'tofu');
  try {
    const limited = { ...options, what: 'OpenTofu', limitBytes: archiveLimitBytes };
    const actual = await downloadFile(url, archive, limited);
    if (actual !== expected) throw tofuErrors.checksum({ url: shownUrl(url) });
    const wanted = { name: 'tofu', target: binary, limitBytes: binaryLimitBytes };
    if (await extractFile(archive, wanted, options.signal)) return binary;
    throw tofuErrors.download({ url: shownUrl(url), reason: 'there is no file "tofu" in the archive' });
  } catch (error) {
    options.signal.throwIfAborted();
    // Whoever waits for the demo is told what they can do without a download.
    if (isCoded(error, 'BINARY_DOWNLOAD')) {
      throw tofuErrors.download(
        { url: shownUrl(url), reason: String(error.params['reason']) },
        { cause: error },
      );
    }
    if (isCoded(error)) throw error;
    throw tofuErrors.download({ url: shownUrl(url), reason: reasonOf(error) }, { cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
