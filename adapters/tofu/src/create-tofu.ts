import { mkdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Clock, createSystemIds, type Logger, shareCalls } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import {
  type CallOptions,
  type Tofu,
  type TofuRun,
  type TofuRunRequest,
  type TofuTool,
  tofuErrors,
} from '@polar-gosling/ports/tofu';
import { addressOf, sharedAddresses } from './addresses.ts';
import { readActive } from './binaries/active.ts';
import { type BundleParts, bundleWithProviders } from './bundle-with-providers.ts';
import { computeDirectory } from './compute-module.ts';
import { cannotEncrypt, encryptRun } from './encrypt-run.ts';
import { heapOf, tofuEnvironment } from './environment.ts';
import { findLeftPlace, findPlace, type StatesInBucket } from './find-place.ts';
import { findTool, type TofuFinderOptions } from './find-tool.ts';
import { readHostId } from './host-id.ts';
import { createLauncher, type RunnerContainer, stopLocalRunner } from './launcher-files.ts';
import { defaultLimits, type TofuLimits } from './limits.ts';
import { createMemoryRoom } from './memory-room.ts';
import { readBootId } from './process-identity.ts';
import type { ProviderCacheOptions } from './providers/filling.ts';
import { createProviderCache } from './providers/provider-cache.ts';
import { createRun } from './run.ts';
import { makeRunDirectory, runDirOf, wipeOldRuns } from './run-directory.ts';
import { settleRun } from './settle.ts';
import type { StateEncryption } from './state-keys.ts';
import { stateFileOf } from './state-place.ts';

export interface TofuOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes secrets out of text before it is kept or told. */
  readonly masker?: { mask(text: string): string };
  /** Where an `errored.tfstate` goes. */
  readonly blobs?: Blobs;
  readonly find: TofuFinderOptions;
  /** The agent that the local provider starts, and what it may have of our environment. */
  readonly launcher: {
    readonly agentCommand: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    /** New runners are containers; absent: processes. */
    readonly container?: RunnerContainer | undefined;
  };
  /** What a cloud's provider gets by environment, asked for each run; `undefined`: no machines are made there. */
  readonly cloudEnvironment?: (
    provider: 'aws' | 'yandex',
    options: CallOptions,
  ) => Promise<Readonly<Record<string, string>> | undefined>;
  /** For all states and plans; Terraform, which cannot encrypt, makes machines of this host only, and in clear. */
  readonly encryption: StateEncryption;
  /** Where states lie; the data directory when not given. */
  readonly states?: StatesInBucket | undefined;
  readonly limits?: Partial<TofuLimits>;
  /** Memory that runs may have a share of; what the host says when not given. */
  readonly memoryMib?: number;
  /** Where providers are kept for all hosts; absent: only what this host's own mirror holds is used. */
  readonly cache?: ProviderCacheOptions | undefined;
  /** Templates and modules; those of the checkout when not given. */
  readonly computeDir?: string;
}

/** Drives OpenTofu with runs, and states unless they lie elsewhere, under the data directory. */
export function createTofu(options: TofuOptions): Tofu {
  const { clock, logger, blobs, states, computeDir = computeDirectory } = options;
  const dataDir = resolve(options.dataDir);
  const limits = { ...defaultLimits, ...options.limits };
  const host = {
    name: hostname(),
    id: readHostId(dataDir, createSystemIds(clock)),
    bootId: readBootId(),
  };
  const allowTerraform = states === undefined && options.find.allowTerraform;
  const binDir = options.find.binDir ?? join(dataDir, 'bin');
  const find = { ...options.find, allowTerraform, binDir, logger };
  const tool = rememberTool(binDir, async (signal) => {
    const found = await findTool(find, signal);
    if (states !== undefined && found.product === 'terraform') throw cannotEncrypt(found);
    return found;
  });

  wipeOldRuns(dataDir, clock.now()).catch((error) => {
    logger.warn('what earlier runs have left could not be removed', { error });
  });
  const launcher = createLauncher(dataDir, computeDir);
  const parts = bundleParts({ ...options, dataDir, computeDir, limits });
  const open = async (request: TofuRunRequest, signal: AbortSignal): Promise<TofuRun> => {
    const { wanted, runId } = request;
    const { provider } = wanted;
    const providerEnv = provider === 'local' ? {} : await options.cloudEnvironment?.(provider, { signal });
    if (providerEnv === undefined) throw notSetUp(provider);
    const found = await tool(signal);
    const place = await findPlace({ dataDir, states }, wanted, { signal });
    const encrypted = await encryptRun({ request, tool: found, place }, options, { signal });
    await mkdir(dirname(stateFileOf(dataDir, wanted.egg, wanted.shard)), { recursive: true, mode: 0o700 });
    const [made] = await Promise.all([
      bundleWithProviders(parts, { request, tool: found, backend: place.backend }, { signal }),
      provider === 'local' ? launcher(signal) : undefined,
    ]);
    const runDir = runDirOf(dataDir, runId);
    await makeRunDirectory(runDir, new Map([...made.bundle.files, ...place.files]), request.savedPlan);
    return createRun({
      ...{ ...made, request, runDir, dataDir, place, limits, clock, logger, blobs },
      host: host.name,
      program: found.path,
      env: {
        ...tofuEnvironment(options.find.environment, runDir),
        ...heapOf(provider),
        ...providerEnv,
        ...encrypted,
      },
      mask: (text) => options.masker?.mask(text) ?? text,
    });
  };
  return {
    tool: ({ signal }) => tool(signal),
    open: (request, { signal }) => open(request, signal),
    settle(left, { signal }) {
      const place = findLeftPlace({ dataDir, states }, left);
      return settleRun({ dataDir, host, limits, clock, logger, blobs, place }, left, signal);
    },
    async removeStray(runnerId, { signal }) {
      await launcher(signal);
      const dockerSocket = options.launcher.container?.socket;
      await stopLocalRunner({ dataDir, runnerId, dockerSocket }, signal);
    },
    async clearCache(kind, call) {
      return (await parts.cache?.clear(kind, call)) ?? 0;
    },
    reserve: createMemoryRoom(options.memoryMib),
    addressOf,
    sharedAddresses,
    host,
  };
}

/** What bundles are made of, whatever the run. */
function bundleParts(
  at: TofuOptions & { readonly computeDir: string; readonly limits: TofuLimits },
): BundleParts {
  const { dataDir, computeDir, clock, logger } = at;
  const hostMirror = join(dataDir, 'providers');
  const { environment } = at.find;
  const made = { dataDir, hostMirror, environment, clock, logger, graceMs: at.limits.graceMs };
  return {
    ...{ dataDir, computeDir, hostMirror, clock },
    cache: at.cache && createProviderCache({ ...at.cache, ...made }),
    launcher: {
      data_dir: dataDir,
      agent_command: at.launcher.agentCommand,
      agent_env: at.launcher.env,
      ...(at.launcher.container && { container: at.launcher.container }),
    },
  };
}

/** Finds the tool again only when the file it found, or the choice of a version, has changed: hashing 100 MB takes a while. */
function rememberTool(
  binDir: string,
  find: (signal: AbortSignal) => Promise<TofuTool>,
): (signal: AbortSignal) => Promise<TofuTool> {
  let known: { tool: TofuTool; stamp: string } | undefined;
  const stampOf = async (path: string) => {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino} ${await readActive(binDir, 'tofu')}`;
  };
  return shareCalls(async (signal) => {
    if (known !== undefined && (await stampOf(known.tool.path).catch(() => '')) === known.stamp)
      return known.tool;
    const tool = await find(signal);
    known = { tool, stamp: await stampOf(tool.path) };
    return tool;
  });
}

function notSetUp(provider: string) {
  return tofuErrors.planFailed({
    summary: `this installation makes no machines on "${provider}": it was set up without that cloud`,
    detail: '',
  });
}
