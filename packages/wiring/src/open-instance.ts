import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createGit } from '@polar-gosling/adapter-git';
import { createGitlab } from '@polar-gosling/adapter-gitlab';
import { createKeyring, createLocalMachines } from '@polar-gosling/adapter-local';
import {
  computeModule,
  createBinaries,
  createStateEncryption,
  createTofu,
  goslingProgram,
  type RunnerContainer,
  tofuProgram,
} from '@polar-gosling/adapter-tofu';
import { type Clock, createMasker, type IdSource, type Logger, type Masker } from '@polar-gosling/kernel';
import type { Binaries } from '@polar-gosling/ports/binaries';
import type { BlobStore } from '@polar-gosling/ports/blobs';
import type { GitReader } from '@polar-gosling/ports/git';
import type { GitlabHooks, GitlabPace, GitlabReader, GitlabRunners } from '@polar-gosling/ports/gitlab';
import type { Machines } from '@polar-gosling/ports/machines';
import type { QueueOperations, WorkQueue } from '@polar-gosling/ports/queue';
import type { RunnerStart } from '@polar-gosling/ports/runner-start';
import { type CachedSecrets, createCachedSecrets } from '@polar-gosling/ports/secrets/cached';
import type { Store } from '@polar-gosling/ports/store';
import type { StoredRows } from '@polar-gosling/ports/store/adapter';
import type { Tofu, TofuCacheKind, TofuCacheResult } from '@polar-gosling/ports/tofu';
import type { CloudsSettings } from './clouds/clouds-file.ts';
import { type OpenedClouds, openClouds } from './clouds/open-clouds.ts';
import { blobStores, queues, schemeOf, stores } from './engines/registry.ts';
import { type EngineSettings, embeddedEngines } from './engines/settings.ts';
import { openSecrets } from './open-secrets.ts';
import { proxyOf } from './proxy-of.ts';

const secretTtlMs = 300_000;

export interface OpenOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Makes the logger, given what must not be seen in it. */
  readonly makeLog: (masker: Masker) => Logger;
  /** The host's environment; adapters take listed names of it only. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What stands behind store, queue, blobs and secrets; the data directory when not given. */
  readonly engines?: EngineSettings | undefined;
  /** Clouds that machines are made in, and what marks them there; none when not given. */
  readonly clouds?: CloudsSettings;
  /** UglyFox reads the Nest by itself, with its own deploy key. */
  readonly hasOwnPolicies?: boolean | undefined;
  readonly tofuBin?: string | undefined;
  readonly binDir?: string | undefined;
  /** Where versions of OpenTofu are fetched: https address with `v{version}/{file}` below; else its own releases. */
  readonly tofuMirror?: string | undefined;
  /** Where OpenTofu's providers are fetched: https address of a network mirror, or `none`; else their registries. */
  readonly providerMirror?: string | undefined;
  /** PEM of authorities that downloads trust beside the host's. */
  readonly caPem?: string | undefined;
  /** The compute module and its templates; those of the checkout when not given. */
  readonly computeDir?: string | undefined;
  /** Starts our agent on this host. */
  readonly agentCommand: readonly string[];
  /** Local runners are containers; absent: processes. */
  readonly container?: RunnerContainer | undefined;
  /** What a local runner's agent may have of our environment. */
  readonly agentEnvironment: Readonly<Record<string, string>>;
  readonly userAgent: string;
  /** A secret was given out after its time because its backend did not answer. */
  readonly onStaleSecret?: () => void;
  /** What a cache of OpenTofu did for a run. */
  readonly onTofuCache?: (cache: TofuCacheKind, result: TofuCacheResult) => void;
  readonly signal: AbortSignal;
}

/** Everything an instance stands on. */
export interface InstanceParts {
  readonly store: Store;
  /** The same store's rows as they lie. */
  readonly storedRows: StoredRows;
  readonly queue: WorkQueue & QueueOperations;
  readonly secrets: CachedSecrets;
  readonly blobs: BlobStore;
  readonly gitlab: {
    readonly reader: GitlabReader;
    readonly hooks: GitlabHooks;
    readonly runners: GitlabRunners;
    readonly pace: GitlabPace;
  };
  readonly git: GitReader;
  /** UglyFox's own, where it has one. */
  readonly policiesGit: GitReader | undefined;
  readonly tofu: Tofu;
  readonly binaries: { readonly tofu: Binaries; readonly gosling: Binaries };
  readonly machines: Machines;
  readonly cloudMachines: OpenedClouds['machines'];
  readonly runnerStart?: RunnerStart;
  /** What machines in each cloud get from the installation. */
  readonly compute: OpenedClouds['compute'];
  readonly masker: Masker;
  readonly log: Logger;
  readonly machineRevision: number;
  /** Closes in reverse order. */
  close(): Promise<void>;
}

/** Opens what `engines` names, and this host's part under one data directory (0700). */
export async function openInstance(options: OpenOptions): Promise<InstanceParts> {
  const { dataDir } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const masker = createMasker();
  const log = options.makeLog(masker);
  const undo: (() => Promise<void>)[] = [];
  try {
    const state = await openState(options, { masker, log, undo });
    const { clouds: settings = {}, environment, clock } = options;
    const clouds = await openClouds({ settings, secrets: state.secrets, environment, clock, masker });
    undo.push(() => clouds.close());
    return openHost(options, { masker, log, undo, state, clouds });
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

interface Opening {
  readonly masker: Masker;
  readonly log: Logger;
  /** What is open, in its order. */
  readonly undo: (() => Promise<void>)[];
}

/** Secrets first (they hold the key ring), then blobs (big columns), store and queue. */
async function openState(options: OpenOptions, { masker, log, undo }: Opening) {
  const { dataDir, clock, ids, signal, environment, engines = embeddedEngines } = options;
  const deps = { dataDir, clock, ids, log, environment, signal };
  const plainSecrets = openSecrets({ ...deps, settings: engines.secrets, masker });
  undo.push(() => plainSecrets.close());
  const countStale = () => options.onStaleSecret?.();
  const cache = { clock, ttlMs: secretTtlMs, masker, logger: log, countStale };
  const secrets = createCachedSecrets(plainSecrets, cache);
  const sealer = await createKeyring(secrets, { signal });
  const {
    blobs,
    bucket,
    close: closeBlobs,
  } = await blobStores[schemeOf(engines.blobs)].open(engines.blobs, deps);
  undo.push(closeBlobs);
  const opened = await stores[engines.store.kind].open(engines.store, {
    ...deps,
    ...{ sealer, blobs, secrets, masker },
  });
  undo.push(() => opened.close());
  const {
    queue,
    store,
    close: closeQueue,
  } = await queues[engines.queue.kind].open(engines.queue, {
    ...deps,
    store: opened,
  });
  undo.push(closeQueue);
  const states = bucket && { bucket, blobs };
  return { secrets, blobs, store, storedRows: opened, queue, states };
}

/** What this host does itself: speaks to GitLab and the Nest, drives OpenTofu, looks at its processes. */
function openHost(
  options: OpenOptions,
  at: Opening & { readonly state: Awaited<ReturnType<typeof openState>>; readonly clouds: OpenedClouds },
): InstanceParts {
  const { masker, log, undo, state, clouds } = at;
  const { dataDir, clock, ids, environment } = options;
  const gitlab = createGitlab({
    store: state.store,
    clock,
    ids,
    logger: log,
    // One machine of one's own: its GitLab may well stand in a private network. Metadata addresses stay blocked.
    allowPrivate: true,
    userAgent: options.userAgent,
    proxy: proxyOf(environment),
  });
  const checkout = (folder: string) =>
    createGit({
      dir: join(dataDir, folder),
      clock,
      logger: log,
      masker,
      allowFile: true,
      allowPrivate: true,
      env: environment,
    });
  const tofu = createTofu({
    dataDir,
    clock,
    logger: log,
    masker,
    blobs: state.blobs,
    find: { bin: options.tofuBin, binDir: options.binDir, environment, allowTerraform: true },
    states: state.states,
    cache: {
      ...{ store: state.store, blobs: state.blobs, mirror: options.providerMirror },
      onUse: (cache, result) => options.onTofuCache?.(cache, result),
    },
    cloudEnvironment: clouds.environmentOf,
    encryption: createStateEncryption(state.secrets),
    launcher: {
      agentCommand: options.agentCommand,
      env: options.agentEnvironment,
      container: options.container,
    },
    ...(options.computeDir === undefined ? {} : { computeDir: options.computeDir }),
  });
  undo.push(() => gitlab.close());
  const { states: _, ...ports } = state;
  return {
    ...ports,
    gitlab,
    git: checkout('git'),
    policiesGit: options.hasOwnPolicies ? checkout('git-uglyfox') : undefined,
    tofu,
    binaries: openBinaries(options, state.blobs),
    machines: createLocalMachines({ dataDir }),
    cloudMachines: clouds.machines,
    ...(clouds.runnerStart && { runnerStart: clouds.runnerStart }),
    compute: clouds.compute,
    masker,
    log,
    machineRevision: computeModule(options.computeDir).machineRevision,
    close: () => unwind(undo),
  };
}

/** Versions of OpenTofu and of the agent, kept on this host and in Blobs. */
function openBinaries(options: OpenOptions, blobs: BlobStore): InstanceParts['binaries'] {
  const { dataDir, environment, clock, binDir = join(dataDir, 'bin'), caPem: ca } = options;
  const shared = { binDir, blobs, environment, clock, ca };
  return {
    tofu: createBinaries({ program: tofuProgram, addresses: { mirror: options.tofuMirror }, ...shared }),
    gosling: createBinaries({ program: goslingProgram, ...shared }),
  };
}

async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
}
