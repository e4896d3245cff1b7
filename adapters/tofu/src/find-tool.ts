import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Logger } from '@polar-gosling/kernel';
import { type TofuTool, tofuErrors } from '@polar-gosling/ports/tofu';
import { readActive } from './binaries/active.ts';
import { isBuildName, versionOf } from './binaries/build-name.ts';
import { sha256OfFile } from './binaries/sha256-of-file.ts';
import { compareVersions } from './binaries/version.ts';
import { type HostEnvironment, versionEnvironment } from './environment.ts';
import { runInTime } from './run-in-time.ts';

export const neededVersion = '1.11.0';
const versionTimeoutMs = 20_000;

export interface TofuFinderOptions {
  /** `GOSLING_TOFU_BIN`: this one or none. */
  readonly bin?: string | undefined;
  /** Where managed versions are (`tofu-{version}`, `tofu-{version}+{sha256}`); the data directory's `bin` when not given. */
  readonly binDir?: string | undefined;
  /** The host's environment: `PATH`, proxies. Only listed names of it reach OpenTofu. */
  readonly environment: HostEnvironment;
  /** May terraform stand in (embedded only)? */
  readonly allowTerraform: boolean;
}

interface Candidate {
  readonly path: string;
  readonly source: string;
}

/**
 * Finds the binary: GOSLING_TOFU_BIN, the managed version in use (else the newest), `tofu` on PATH, then (embedded only) terraform.
 * Fails with TOFU_MISSING or TOFU_TOO_OLD, which say what to do.
 */
export async function findTool(
  options: TofuFinderOptions & { readonly binDir: string; readonly logger: Logger },
  signal: AbortSignal,
): Promise<TofuTool> {
  let tooOld: TofuTool | undefined;
  for (const candidate of await listCandidates(options)) {
    const tool = await inspect(candidate, options.environment, signal);
    if (tool === undefined) continue;
    if (compareVersions(tool.version, neededVersion) < 0) {
      tooOld ??= tool;
      continue;
    }
    if (tool.product === 'terraform') {
      options.logger.warn('terraform stands in for OpenTofu, and encrypts neither states nor plans', {
        path: tool.path,
        version: tool.version,
      });
    }
    const sha256 = await sha256OfFile(tool.path);
    if (sha256 !== undefined) return { ...tool, sha256 };
  }
  if (tooOld !== undefined) {
    throw tofuErrors.tooOld({ path: tooOld.path, version: tooOld.version, needed: neededVersion });
  }
  throw tofuErrors.missing({ tried: describeTried(options) });
}

async function listCandidates(options: TofuFinderOptions & { binDir: string }): Promise<Candidate[]> {
  if (options.bin !== undefined) return [{ path: options.bin, source: 'GOSLING_TOFU_BIN' }];
  const names = await readdir(options.binDir).catch(() => []);
  const active = await readActive(options.binDir, 'tofu');
  const managed = names
    .flatMap((file) => (file.startsWith('tofu-') && isBuildName(file.slice(5)) ? file.slice(5) : []))
    .toSorted()
    .toSorted((a, b) => compareVersions(versionOf(b), versionOf(a)))
    .toSorted((a, b) => Number(b === active) - Number(a === active))
    .map((name) => ({ path: join(options.binDir, `tofu-${name}`), source: 'managed' }));
  const onPath = [
    ...listOnPath('tofu', options.environment),
    ...(options.allowTerraform ? listOnPath('terraform', options.environment) : []),
  ];
  return [...managed, ...onPath];
}

function listOnPath(name: string, environment: HostEnvironment): Candidate[] {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => ({ path: join(folder, name), source: 'PATH' }));
}

async function inspect(
  { path, source }: Candidate,
  environment: HostEnvironment,
  signal: AbortSignal,
): Promise<TofuTool | undefined> {
  if (!(await isExecutable(path))) return undefined;
  const env = versionEnvironment(environment);
  const text = await runInTime(path, ['version'], { env, timeoutMs: versionTimeoutMs, signal });
  signal.throwIfAborted();
  const said = /^(OpenTofu|Terraform) v(\S+)$/m.exec(text ?? '');
  const version = said?.[2];
  if (version === undefined) return undefined;
  const product = said?.[1] === 'OpenTofu' ? 'opentofu' : 'terraform';
  return { path: await realpath(path), product, version, sha256: '', source };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // not there or not ours to run: the next candidate is tried
  }
}

function describeTried(options: TofuFinderOptions & { binDir: string }): string {
  if (options.bin !== undefined) return `GOSLING_TOFU_BIN is ${options.bin}, which does not run as one`;
  const names = options.allowTerraform ? 'tofu or terraform' : 'tofu';
  return `none in ${options.binDir}, no ${names} on PATH`;
}
