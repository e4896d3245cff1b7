import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { type Clock, deadline, isCoded } from '@polar-gosling/kernel';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { HostEnvironment } from './environment.ts';
import { withFileLock } from './file-lock.ts';
import { pinnedTofu, releasePlatform, type TofuRelease } from './pinned.ts';
import { extractFile } from './untar.ts';

const archiveLimitBytes = 200 * 1024 * 1024;
const binaryLimitBytes = 500 * 1024 * 1024;
const redirectLimit = 5;
const stallMs = 30_000;
const totalMs = 15 * 60_000;

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
  const target = join(options.binDir, `tofu-${release.version}`);
  await mkdir(options.binDir, { recursive: true, mode: 0o700 });
  const lock = join(options.binDir, `.tofu-${release.version}.lock`);
  const { clock, signal } = options;
  return withFileLock(lock, { clock, waitMs: totalMs, signal }, async () => {
    if (await isThere(target)) return target;
    const work = await mkdtemp(join(options.binDir, '.fetch-'));
    try {
      const binary = await fetchInto(work, release, options);
      await chmod(binary, 0o755);
      await rename(binary, target);
      return target;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

async function fetchInto(work: string, release: TofuRelease, options: FetchTofuOptions): Promise<string> {
  const platform = releasePlatform(options.platform, options.arch);
  const base = (options.mirror ?? release.base).replace(/\/+$/, '');
  const url = `${base}/v${release.version}/tofu_${release.version}_${platform}.tar.gz`;
  const expected = release.sha256[platform];
  if (expected === undefined) {
    throw tofuErrors.download({ url: shown(url), reason: `no checksum is known for ${platform}` });
  }
  const archive = join(work, 'archive.tar.gz');
  const binary = join(work, 'tofu');
  const signal = deadline(options.signal, totalMs);
  try {
    const actual = await download(url, archive, { ...options, signal });
    if (actual !== expected) throw tofuErrors.checksum({ url: shown(url) });
    const wanted = { name: 'tofu', target: binary, limitBytes: binaryLimitBytes };
    if (await extractFile(archive, wanted, signal)) return binary;
    throw tofuErrors.download({ url: shown(url), reason: 'there is no file "tofu" in the archive' });
  } catch (error) {
    options.signal.throwIfAborted();
    if (isCoded(error)) throw error;
    throw tofuErrors.download({ url: shown(url), reason: reasonOf(error) }, { cause: error });
  }
}

/** Writes the body to `path` and answers its SHA-256. */
async function download(url: string, path: string, options: FetchTofuOptions): Promise<string> {
  const dispatcher = createDispatcher(options);
  const file = await open(path, 'wx', 0o600);
  try {
    const { body, headers } = await get(url, dispatcher, options.signal);
    const totalBytes = Number(headers['content-length']) || undefined;
    const hash = createHash('sha256');
    let receivedBytes = 0;
    for await (const chunk of body) {
      receivedBytes += chunk.length;
      if (receivedBytes > archiveLimitBytes) {
        throw tofuErrors.download({
          url: shown(url),
          reason: `it is bigger than ${archiveLimitBytes} bytes`,
        });
      }
      hash.update(chunk);
      await file.write(chunk);
      options.onProgress?.({ receivedBytes, totalBytes });
    }
    return hash.digest('hex');
  } finally {
    await file.close();
    await dispatcher.destroy();
  }
}

/** Follows redirects, to https only. No header of ours names or proves who asks, so none can leak. */
async function get(
  url: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let next = new URL(url);
  for (let hop = 0; hop <= redirectLimit; hop++) {
    refuseUnsafe(next, url);
    const response = await request(next, {
      dispatcher,
      signal,
      method: 'GET',
      headersTimeout: stallMs,
      bodyTimeout: stallMs,
    });
    if (response.statusCode === 200) return response;
    await response.body.dump();
    const location = response.headers['location'];
    const isRedirect = response.statusCode >= 300 && response.statusCode < 400;
    if (!isRedirect || typeof location !== 'string') {
      throw tofuErrors.download({ url: shown(url), reason: `the server answered ${response.statusCode}` });
    }
    next = new URL(location, next);
  }
  throw tofuErrors.download({ url: shown(url), reason: `more than ${redirectLimit} redirects` });
}

function refuseUnsafe(next: URL, url: string): void {
  if (next.protocol !== 'https:') {
    throw tofuErrors.download({ url: shown(url), reason: `${next.protocol}//${next.host} is not https` });
  }
  if (next.username !== '' || next.password !== '') {
    throw tofuErrors.download({ url: shown(url), reason: 'the address holds a user or a password' });
  }
}

function createDispatcher({ environment, ca }: FetchTofuOptions): EnvHttpProxyAgent {
  const tls = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const pick = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? '';
  return new EnvHttpProxyAgent({
    httpProxy: pick('HTTP_PROXY'),
    httpsProxy: pick('HTTPS_PROXY'),
    noProxy: pick('NO_PROXY'),
    connect: { ...tls, timeout: stallMs },
    requestTls: tls,
  });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** An address for people: without user and password. */
function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
