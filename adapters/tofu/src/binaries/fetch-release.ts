import { createReadStream } from 'node:fs';
import { copyFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, isCoded } from '@polar-gosling/kernel';
import { type BinarySource, binaryErrors, type KeptBinary } from '@polar-gosling/ports/binaries';
import { extractFile } from '../untar.ts';
import { checksumOf } from './checksums.ts';
import {
  type DownloadContext,
  downloadBytes,
  downloadFile,
  downloadText,
  reasonOf,
  shownUrl,
} from './download.ts';
import { fileNameOf, type Program } from './program.ts';
import { whyUnproved } from './signature.ts';

const archiveLimitBytes = 300 * 1024 * 1024;
const binaryLimitBytes = 700 * 1024 * 1024;
const textLimitBytes = 1024 * 1024;

export interface Fetching {
  readonly program: Program;
  readonly source: BinarySource;
  readonly version: string;
  readonly platform: string;
  /** An empty folder of its own. */
  readonly work: string;
  /** `https://github.com` and the like; others in tests and behind mirrors. */
  readonly addresses: SourceAddresses;
}

export interface SourceAddresses {
  readonly github: string;
  readonly githubApi: string;
  /** `GOSLING_TOFU_MIRROR`: `{mirror}/v{version}/{file}`, in place of the releases of the program's own repository. */
  readonly mirror?: string | undefined;
}

export type FetchContext = Omit<DownloadContext, 'what' | 'auth' | 'limitBytes'>;

/** What must be equal to be taken: address, SHA-256, and what proves that sum. */
interface Proved {
  readonly url: string;
  readonly sha256: string;
  readonly provedBy: KeptBinary['provedBy'];
}

/** Fetches a release, compares it with its proved checksum and unpacks the one file; answers its path in `work`. */
export async function fetchRelease(
  fetching: Fetching,
  context: FetchContext,
): Promise<{ path: string; provedBy: KeptBinary['provedBy'] }> {
  const proved = await proveChecksum(fetching, context);
  const archive = join(fetching.work, 'archive');
  const actual = await downloadFile(proved.url, archive, {
    ...downloading(fetching, context),
    limitBytes: archiveLimitBytes,
  });
  if (actual !== proved.sha256) {
    throw binaryErrors.checksum({ what: fetching.program.title, url: shownUrl(proved.url) });
  }
  const path = await unpack(fetching, { archive, url: proved.url, signal: context.signal });
  return { path, provedBy: proved.provedBy };
}

async function proveChecksum(fetching: Fetching, context: FetchContext): Promise<Proved> {
  const { source, version, platform } = fetching;
  if (source.kind === 'other') {
    const url = fillTemplate(source.url, { version, platform });
    return { url, sha256: source.sha256.toLowerCase(), provedBy: 'checksum' };
  }
  return proveByRelease(fetching, context);
}

/** The exact name in the release's SHA256SUMS; the sums themselves by the signer's key, where there is a known one. */
async function proveByRelease(fetching: Fetching, context: FetchContext): Promise<Proved> {
  const { program, version, platform } = fetching;
  const base = `${releasesOf(fetching)}/v${version}`;
  const sumsUrl = `${base}/${program.kind}_${version}_SHA256SUMS`;
  // What is told is how much came of the archive.
  const { onProgress: _, ...quiet } = downloading(fetching, context);
  const texts = { ...quiet, limitBytes: textLimitBytes };
  const { bytes: sums } = await downloadBytes(sumsUrl, texts);
  if (program.signer !== undefined) {
    const { bytes: signature } = await downloadBytes(`${sumsUrl}.gpgsig`, texts);
    const { url, fingerprint } = program.signer;
    const armoredKey = await fetchKey(fetching, { url, texts });
    const reason = await whyUnproved({ content: sums, signature, armoredKey, fingerprint });
    if (reason !== undefined) {
      throw binaryErrors.signature({ what: program.title, url: shownUrl(sumsUrl), reason });
    }
  }
  const fileName = `${program.kind}_${version}_${platform}.tar.gz`;
  const sha256 = checksumOf(sums.toString('utf8'), fileName);
  const url = `${base}/${fileName}`;
  if (sha256 === undefined) {
    const reason = `its SHA256SUMS names no ${fileName}`;
    throw binaryErrors.download({ what: program.title, url: shownUrl(url), reason });
  }
  return { url, sha256, provedBy: program.signer === undefined ? 'checksum' : 'signature' };
}

function releasesOf(fetching: Fetching): string {
  const { github } = fetching.addresses;
  return mirrorOf(fetching) ?? `${github}/${repositoryOf(fetching)}/releases/download`;
}

/** Another repository that somebody names is not what the mirror holds. */
function mirrorOf(fetching: Fetching): string | undefined {
  const isOwn = repositoryOf(fetching) === fetching.program.repository;
  return isOwn ? fetching.addresses.mirror?.replace(/\/+$/, '') : undefined;
}

/** Of the mirror, where it has it: a wrong one is refused by its fingerprint. Else of the maker. */
async function fetchKey(
  fetching: Fetching,
  { url, texts }: { url: string; texts: DownloadContext },
): Promise<string> {
  const mirror = mirrorOf(fetching);
  if (mirror !== undefined) {
    try {
      return (await downloadText(`${mirror}/${basename(url)}`, texts)).text;
    } catch (error) {
      if (!isCoded(error, 'BINARY_DOWNLOAD')) throw error;
    }
  }
  // The key's own address is elsewhere: what proves us to the source is not sent there.
  return (await downloadText(url, { ...texts, auth: undefined })).text;
}

async function unpack(
  fetching: Fetching,
  from: { archive: string; url: string; signal: AbortSignal },
): Promise<string> {
  const { program, platform, work } = fetching;
  const fail = (reason: string, cause?: unknown) =>
    binaryErrors.download({ what: program.title, url: shownUrl(from.url), reason }, { cause });
  const name = fileNameOf(program, platform);
  const target = join(work, 'binary');
  try {
    if (!(await isGzip(from.archive))) {
      // A plain binary, as artifact stores often keep it.
      await copyFile(from.archive, target);
      return target;
    }
    const wanted = { name, target, limitBytes: binaryLimitBytes };
    if (await extractFile(from.archive, wanted, from.signal)) return target;
  } catch (error) {
    from.signal.throwIfAborted();
    throw isFullDisk(error)
      ? binaryErrors.unwritable({ path: target, reason: reasonOf(error) }, { cause: error })
      : fail(`it cannot be unpacked: ${reasonOf(error)}`, error);
  }
  throw fail(`there is no file "${name}" in the archive`);
}

async function isGzip(path: string): Promise<boolean> {
  if ((await stat(path)).size < 2) return false;
  for await (const chunk of createReadStream(path, { end: 1 })) return chunk[0] === 0x1f && chunk[1] === 0x8b;
  return false;
}

function isFullDisk(error: unknown): boolean {
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
}

function downloading(
  { program, source }: Fetching,
  context: FetchContext,
): Omit<DownloadContext, 'limitBytes'> {
  return { ...context, what: program.title, auth: source.auth };
}

export function repositoryOf({ program, source }: Pick<Fetching, 'program' | 'source'>): string {
  const named = source.kind === 'github' ? source.repository : undefined;
  const repository = named ?? program.repository;
  if (repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw binaryErrors.badRequest({
      problem: `no GitHub repository is known for ${program.title}`,
      fix: 'name one as OWNER/NAME with --repository',
    });
  }
  return repository;
}

function fillTemplate(
  template: string,
  { version, platform }: { version: string; platform: string },
): string {
  const [os = '', arch = ''] = platform.split('_');
  const values: Readonly<Record<string, string>> = { version, os, arch };
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw binaryErrors.badRequest({
        problem: `the address has the unknown part ${whole}`,
        fix: 'it may have {version}, {os} and {arch}',
      });
    }
    return encodeURIComponent(value);
  });
}
