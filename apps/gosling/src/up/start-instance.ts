import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine, type Engine, type EngineDeps, type EngineSettings } from '@polar-gosling/engine';
import { type Clock, createJsonLogger, type IdSource, type Logger, sha256Hex } from '@polar-gosling/kernel';
import { createMetrics, type Metrics, type MothergooseConfig, startServer } from '@polar-gosling/mothergoose';
import {
  type InstanceParts,
  instanceFiles,
  isHolderGone,
  lockDirectory,
  type OpenOptions,
  openInstance,
  openLimits,
  processHolder,
  readClouds,
} from '@polar-gosling/wiring';
import { cliErrors } from '../cli-errors.ts';
import type { Environment } from '../config.ts';
import { userBinDir } from '../user-bin-dir.ts';
import { goslingVersion } from '../version.ts';
import { localAgentUrl } from './local-agent-url.ts';
import { createLocalRefusal } from './local-isolation.ts';
import { chooseLocalRunners, type LocalRunners } from './local-runners.ts';
import { nestProjectOf } from './nest-project.ts';
import { readCaFile } from './read-ca-file.ts';
import { relayAgents, relaySocketOf } from './relay-agents.ts';
import { unwind } from './unwind.ts';

const tickMs = 1_000;
const stopGraceMs = 20_000;

export interface InstanceOptions {
  readonly config: MothergooseConfig;
  readonly env: Environment;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly writeLog: (line: string) => void;
  readonly logFormat: 'json' | 'pretty';
  /** How often things happen; the embedded defaults where absent. */
  readonly pace?: Partial<
    Pick<EngineSettings, 'heartbeatMs' | 'syncEveryMs' | 'sweepEveryMs' | 'pruneEveryMs'>
  >;
  /** Another compute module than that of the checkout. */
  readonly computeDir?: string | undefined;
  /** GitLab is on this host too: our own address serves as the public URL. */
  readonly isPublicHere?: boolean;
  /** The Nest's project in GitLab, where its address does not tell. */
  readonly nestProject?: NonNullable<EngineSettings['nest']['project']>;
  readonly signal: AbortSignal;
}

/** A running embedded instance. */
export interface Instance {
  readonly url: string;
  /** A new link that opens the status page once. */
  pageLink(): Promise<string>;
  readonly engine: Engine;
  readonly parts: InstanceParts;
  readonly log: Logger;
  /** Where GitLab reaches it; absent: GitLab is asked. */
  readonly publicUrl?: string | undefined;
  /** What local runners are here, for people. */
  readonly localRunners: string;
  /** Takes nothing new, finishes or gives back what it has, closes in reverse order. */
  stop(): Promise<void>;
  /** Resolves with the error when a part of it ended by itself. */
  readonly failed: Promise<unknown>;
}

/** API, worker, UglyFox and clock in one process on one data directory. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { config } = options;
  const nestUrl = config.nest.url;
  if (nestUrl === undefined) throw cliErrors.noNest({});
  const installation = config.installation ?? sha256Hex(nestUrl).slice(0, 12);
  const dataDir = path.resolve(config.dataDir);
  const lock = lockDirectory(dataDir, process.pid);
  if ('takenBy' in lock) throw cliErrors.alreadyRunning({ dataDir, pid: lock.takenBy });
  const undo: (() => Promise<void>)[] = [async () => lock.release()];
  try {
    const counts: Pick<Metrics, 'staleSecret' | 'tofuCache'> = { staleSecret: () => {}, tofuCache: () => {} };
    const relaySocket = relaySocketOf(dataDir);
    const local = await chooseLocalRunners({ ...options, relaySocket });
    const parts = await open(options, {
      dataDir,
      local,
      clouds: await readClouds(config.clouds),
      onStaleSecret: () => counts.staleSecret(),
      onTofuCache: (cache, result) => counts.tofuCache(cache, result),
    });
    undo.push(() => parts.close());
    const metrics = createMetrics(parts.masker);
    Object.assign(counts, metrics);
    const address = { url: '' };
    const holder = processHolder(process.pid);
    const settings = settingsOf(options, { parts, holder, address, nestUrl, installation, local });
    const engine = createEngine({
      ...parts,
      clock: options.clock,
      ids: options.ids,
      metrics,
      settings,
      readCaFile,
      ...limitsOf(options, { dataDir, log: parts.log }),
      isHolderGone,
    });
    const { log, queue: tasks } = parts;
    const { clock, ids } = options;
    const deps = { engine, tasks, config, metrics, log, masker: parts.masker, clock, ids };
    const server = await startServer({ ...deps, version: goslingVersion });
    undo.push(() => server.stop(stopGraceMs));
    address.url = server.url;
    if (local.container?.relay !== undefined) {
      undo.push((await relayAgents({ socket: relaySocket, url: settings.agentUrl })).stop);
    }
    // The CLI is on this host, as a local agent is.
    await writeInstanceFiles({ dataDir, url: settings.agentUrl, engine, signal: options.signal });
    // The data directory is ours alone: whoever held a message is dead.
    await tasks.giveBackAll({ signal: options.signal });
    // Not at the next time slot: the Nest, or our own address, may have changed while nothing ran.
    await engine.background.wakeSync({ signal: options.signal });
    const loops = startLoops(engine, { log, clock });
    undo.push(loops.stop);
    return {
      url: server.url,
      publicUrl: config.publicUrl,
      pageLink: async () => server.pageLink(await engine.tokens.ensureCliToken({ signal: options.signal })),
      engine,
      parts,
      log,
      failed: loops.failed,
      localRunners: local.detail,
      stop: () => unwind(undo),
    };
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

function open(
  options: InstanceOptions,
  at: Pick<OpenOptions, 'dataDir' | 'clouds' | 'onStaleSecret' | 'onTofuCache'> & { local: LocalRunners },
): Promise<InstanceParts> {
  const { config, env, clock, ids, signal } = options;
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const { local, ...given } = at;
  return openInstance({
    ...given,
    container: local.container,
    clock,
    ids,
    makeLog: (masker) =>
      createJsonLogger({
        write: options.writeLog,
        masker,
        clock,
        level: config.log.level,
        format: options.logFormat,
      }),
    environment: env,
    engines: config.engines,
    hasOwnPolicies: config.hasOwnPolicies,
    tofuBin: config.tofu.bin,
    tofuMirror: config.tofu.mirror,
    providerMirror: config.tofu.providerMirror,
    binDir: config.binDir ?? userBinDir(env),
    computeDir: options.computeDir,
    agentCommand: [process.execPath, '--disable-warning=ExperimentalWarning', main],
    agentEnvironment: agentEnvironment(options, local.runnerBin),
    userAgent: `gosling/${goslingVersion}`,
    signal,
  });
}

/** Limits outside the Nest, where the configuration names any. */
function limitsOf(
  { config, clock, ids, env, signal }: InstanceOptions,
  at: { dataDir: string; log: Logger },
): Pick<EngineDeps, 'limits'> {
  const { limits: place, engines } = config;
  if (place === undefined) return {};
  return { limits: openLimits({ ...at, place, blobs: engines.blobs, clock, ids, environment: env, signal }) };
}

/** What a local runner's agent may know of this host's settings. */
function agentEnvironment(
  { config, env }: InstanceOptions,
  runnerBin = config.gitlabRunner.bin,
): Record<string, string> {
  const handed: Record<string, string | undefined> = {
    PATH: env['PATH'],
    GOSLING_GITLAB_RUNNER_BIN: runnerBin,
    GOSLING_CA_FILE: config.caFile && path.resolve(config.caFile),
    GOSLING_JOB_USER: config.jobUser,
    NODE_EXTRA_CA_CERTS: env['NODE_EXTRA_CA_CERTS'] && path.resolve(env['NODE_EXTRA_CA_CERTS']),
    NODE_COMPILE_CACHE: env['NODE_COMPILE_CACHE'],
    HTTPS_PROXY: env['HTTPS_PROXY'],
    HTTP_PROXY: env['HTTP_PROXY'],
    NO_PROXY: env['NO_PROXY'],
  };
  return Object.fromEntries(
    Object.entries(handed).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}

function settingsOf(
  options: InstanceOptions,
  at: {
    parts: InstanceParts;
    holder: string;
    address: { readonly url: string };
    nestUrl: string;
    installation: string;
    local: LocalRunners;
  },
): EngineSettings {
  const { config } = options;
  const { nestUrl } = at;
  const project = options.nestProject ?? nestProjectOf(nestUrl, config.nest.gitlabUrl);
  const isPolling = config.publicUrl === undefined && options.isPublicHere !== true;
  return {
    // Read when used: the port is known only after listening.
    get publicUrl() {
      return config.publicUrl ?? (options.isPublicHere ? at.address.url : undefined);
    },
    get agentUrl() {
      return localAgentUrl({ listening: at.address.url, publicUrl: config.publicUrl });
    },
    installation: at.installation,
    nest: {
      url: nestUrl,
      ...(config.nest.branch === undefined ? {} : { branch: config.nest.branch }),
      ...(project === undefined ? {} : { project }),
    },
    clouds: at.parts.compute,
    ...(config.environment === undefined ? {} : { environment: config.environment }),
    ...(config.gitlabRunner.mirror === undefined ? {} : { runnerMirror: config.gitlabRunner.mirror }),
    isEmbedded: true,
    holder: at.holder,
    machineRevision: at.parts.machineRevision,
    refuseLocal: createLocalRefusal({
      isRoot: process.getuid?.() === 0,
      isUnsafeAllowed: config.isLocalUnsafe,
      containers: at.local.container && at.local.refuse,
    }),
    localRunners: at.local.detail,
    heartbeatMs: 10_000,
    syncEveryMs: 5 * 60_000,
    sweepEveryMs: isPolling ? 15_000 : 5 * 60_000,
    pruneEveryMs: 10_000,
    concurrency: 8,
    ...options.pace,
  };
}

/** How the CLI on this machine finds us and may speak to us. */
async function writeInstanceFiles(at: {
  dataDir: string;
  url: string;
  engine: Engine;
  signal: AbortSignal;
}): Promise<void> {
  const files = instanceFiles(at.dataDir);
  const token = await at.engine.tokens.ensureCliToken({ signal: at.signal });
  await at.engine.tokens.ensureTriggerToken({ signal: at.signal });
  await writeFile(files.token, token.reveal(), { mode: 0o600 });
  await writeFile(files.url, at.url, { mode: 0o600 });
}

/** Worker (prune tasks too) and clock; each ends on `stop`, and `failed` tells of one that ended by itself. */
function startLoops(
  engine: Engine,
  deps: { log: Logger; clock: Clock },
): { failed: Promise<unknown>; stop(): Promise<void> } {
  const ending = new AbortController();
  const { signal } = ending;
  // One loop for all kinds: an SQS queue cannot select, and two would take each other's messages only to put them back.
  const loops = [engine.background.work({ signal }), tickUntil(engine, deps, signal)];
  const all = Promise.all(loops);
  const failed = new Promise<unknown>((resolve) => {
    all.catch((error: unknown) => {
      if (!signal.aborted) resolve(error);
    });
  });
  return {
    failed,
    async stop() {
      ending.abort();
      await Promise.allSettled(loops);
    },
  };
}

async function tickUntil(
  engine: Engine,
  { log, clock }: { log: Logger; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await engine.background.tick({ signal });
    } catch (error) {
      if (signal.aborted) return;
      log.warn('a tick failed; the next one comes', { error });
    }
    await clock.sleep(tickMs, signal).catch(() => undefined);
  }
}
