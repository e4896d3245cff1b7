import { mkdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Clock, type Logger, sha256Hex } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import {
  type Tofu,
  type TofuRun,
  type TofuRunRequest,
  type TofuTool,
  tofuErrors,
} from '@polar-gosling/ports/tofu';
import { addressOf, sharedAddresses } from './addresses.ts';
import { readActive } from './binaries/active.ts';
import { computeDirectory, readBundleSources } from './compute-module.ts';
import { tofuEnvironment } from './environment.ts';
import { findTool, type TofuFinderOptions } from './find-tool.ts';
import { installLauncher, stopLocalRunner } from './launcher-files.ts';
import { defaultLimits, type TofuLimits } from './limits.ts';
import { createPreparedData } from './prepare.ts';
import { readBootId } from './process-identity.ts';
import { renderBundle } from './render.ts';
import { createRun } from './run.ts';
import { makeRunDirectory, runDirOf } from './run-directory.ts';
import { settleRun } from './settle.ts';
import { stateFileOf } from './state-file.ts';

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
  };
  /** Clouds that machines may be made in, and what their providers get by environment; others are refused. */
  readonly clouds?: Readonly<Partial<Record<'aws' | 'yandex', Readonly<Record<string, string>>>>>;
  readonly limits?: Partial<TofuLimits>;
  /** Templates and modules; those of the checkout when not given. */
  readonly computeDir?: string;
}

/** Drives OpenTofu with state files and runs under the data directory. */
export function createTofu(options: TofuOptions): Tofu {
  const { clock, logger, blobs, computeDir = computeDirectory } = options;
  const dataDir = resolve(options.dataDir);
  const limits = { ...defaultLimits, ...options.limits };
  const host = { name: hostname(), bootId: readBootId() };
  const find = { ...options.find, binDir: options.find.binDir ?? join(dataDir, 'bin'), logger };
  const tool = rememberTool(find.binDir, (signal) => findTool(find, signal));

  const open = async (request: TofuRunRequest, signal: AbortSignal): Promise<TofuRun> => {
    const { wanted, runId } = request;
    const providerEnv = wanted.provider === 'local' ? {} : options.clouds?.[wanted.provider];
    if (providerEnv === undefined) throw notSetUp(wanted.provider);
    const found = await tool(signal);
    const stateFile = stateFileOf(dataDir, wanted.egg, wanted.shard);
    const providerMirror = join(dataDir, 'providers');
    const bundle = renderBundle(readBundleSources(wanted.provider, computeDir), {
      wanted,
      stateFile,
      providerMirror,
      launcher: {
        data_dir: dataDir,
        agent_command: options.launcher.agentCommand,
        agent_env: options.launcher.env,
      },
    });
    for (const folder of [dirname(stateFile), providerMirror, join(dataDir, 'tofu-data')]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    await installLauncher(dataDir, computeDir);
    const runDir = runDirOf(dataDir, runId);
    await makeRunDirectory(runDir, bundle.files);
    return createRun({
      ...{ request, bundle, runDir, stateFile, limits, clock, logger, blobs },
      program: found.path,
      env: { ...tofuEnvironment(options.find.environment, runDir), ...providerEnv },
      prepared: createPreparedData(dataDir, sha256Hex(`${found.sha256} ${bundle.initSha256}`)),
      mask: (text) => options.masker?.mask(text) ?? text,
    });
  };
  return {
    tool: ({ signal }) => tool(signal),
    open: (request, { signal }) => open(request, signal),
    settle: (left, { signal }) => settleRun({ dataDir, host, limits, clock, logger, blobs }, left, signal),
    async removeStray(runnerId, { signal }) {
      await installLauncher(dataDir, computeDir);
      await stopLocalRunner(dataDir, runnerId, signal);
    },
    addressOf,
    sharedAddresses,
    host,
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
  return async (signal) => {
    if (known !== undefined && (await stampOf(known.tool.path).catch(() => '')) === known.stamp)
      return known.tool;
    const tool = await find(signal);
    known = { tool, stamp: await stampOf(tool.path) };
    return tool;
  };
}

function notSetUp(provider: string) {
  return tofuErrors.planFailed({
    summary: `this installation makes no machines on "${provider}": it was set up without that cloud`,
    detail: '',
  });
}
