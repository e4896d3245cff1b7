import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { codeOf } from '@polar-gosling/kernel';
import { runnerErrors } from './runner-errors.ts';

const mostBytes = 512 * 1024 * 1024;

export interface RunnerDownload {
  readonly url: string;
  readonly sha256: string;
  /** Where it is kept; made where it is not there. */
  readonly directory: string;
  /** For proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** PEM of authorities to trust beside the host's. */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * The path of a `gitlab-runner` with exactly this SHA-256: the one that is kept, else one that is fetched. What has
 * another sum never stands where it could be run. RUNNER_WRONG_CHECKSUM, BINARY_DOWNLOAD, BINARY_UNWRITABLE.
 */
export async function fetchRunner(download: RunnerDownload): Promise<string> {
  const { url, sha256, directory, signal } = download;
  const program = path.join(directory, 'gitlab-runner');
  if ((await sumOf(program, signal)) === sha256) return program;
  const { downloadFile } = await import('@polar-gosling/wiring');
  const part = `${program}.part`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await rm(part, { force: true });
  try {
    const context = { ...download, what: 'gitlab-runner', limitBytes: mostBytes };
    const found = await downloadFile(url, part, context);
    if (found !== sha256) throw runnerErrors.wrongChecksum({ found, wanted: sha256 });
    await chmod(part, 0o755);
    await rename(part, program);
  } finally {
    await rm(part, { force: true });
  }
  return program;
}

async function sumOf(file: string, signal: AbortSignal): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash, { signal });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
