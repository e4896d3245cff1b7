import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createGit } from '@polar-gosling/adapter-git';
import { createGitlab } from '@polar-gosling/adapter-gitlab';
import { createDirectoryBlobs, createKeyring, createLocalMachines } from '@polar-gosling/adapter-local';
import { createSqliteStore } from '@polar-gosling/adapter-sqlite';
import { computeModule, createTofu } from '@polar-gosling/adapter-tofu';
import { type Clock, createMasker, type IdSource, type Logger, type Masker } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import type { GitReader } from '@polar-gosling/ports/git';
import type { GitlabHooks, GitlabPace, GitlabReader, GitlabRunners } from '@polar-gosling/ports/gitlab';
import type { Machines } from '@polar-gosling/ports/machines';
import type { QueueOperations, WorkQueue } from '@polar-gosling/ports/queue';
import { createOutboxQueue } from '@polar-gosling/ports/queue/outbox';
import { type CachedSecrets, createCachedSecrets } from '@polar-gosling/ports/secrets/cached';
import type { Store } from '@polar-gosling/ports/store';
import type { Tofu } from '@polar-gosling/ports/tofu';
import { openSecrets, type SecretsSettings } from './open-secrets.ts';
import { proxyOf } from './proxy-of.ts';

const secretTtlMs = 300_000;

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Makes the logger, given what must not be seen in it. */
  readonly makeLog: (masker: Masker) => Logger;
  /** The host's environment; adapters take listed names of it only. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where secrets of the layout are kept; the encrypted file of the data directory when not given. */
  readonly secrets?: SecretsSettings;
  readonly tofuBin?: string | undefined;
  readonly binDir?: string | undefined;
  /** The compute module and its templates; those of the checkout when not given. */
  readonly computeDir?: string | undefined;
  /** Starts our agent on this host. */
  readonly agentCommand: readonly string[];
  /** What a local runner's agent may have of our environment. */
  readonly agentEnvironment: Readonly<Record<string, string>>;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

/** Everything an embedded instance stands on: one file, one directory, this host. */
export interface Embedded {
  readonly store: Store;
  readonly queue: WorkQueue & QueueOperations;
  readonly secrets: CachedSecrets;
  readonly blobs: Blobs;
  readonly gitlab: {
    readonly reader: GitlabReader;
    readonly hooks: GitlabHooks;
    readonly runners: GitlabRunners;
    readonly pace: GitlabPace;
  };
  readonly git: GitReader;
  readonly tofu: Tofu;
  readonly machines: Machines;
  readonly masker: Masker;
  readonly log: Logger;
  readonly machineRevision: number;
  /** Closes in reverse order. */
  close(): Promise<void>;
}

/** Opens the embedded adapters under one data directory (0700). */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir, clock, ids, signal, environment } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const masker = createMasker();
  const log = options.makeLog(masker);
  const settings = options.secrets ?? { backend: 'local' };
  const plainSecrets = openSecrets({ settings, dataDir, clock, ids, masker, environment });
  const secrets = createCachedSecrets(plainSecrets, { clock, ttlMs: secretTtlMs, masker, logger: log });
  const sealer = await createKeyring(plainSecrets, { signal });
  const blobs = createDirectoryBlobs({ dir: join(dataDir, 'blobs') });
  const store = await createSqliteStore({
    path: join(dataDir, 'gosling.db'),
    clock,
    sealer,
    blobs,
    logger: log,
  });
  const queue = createOutboxQueue({ store, clock, ids });
  const gitlab = createGitlab({
    store,
    clock,
    ids,
    logger: log,
    // One machine of one's own: its GitLab may well stand in a private network. Metadata addresses stay blocked.
    allowPrivate: true,
    userAgent: options.userAgent,
    proxy: proxyOf(environment),
  });
  const git = createGit({
    dir: join(dataDir, 'git'),
    clock,
    logger: log,
    allowFile: true,
    allowPrivate: true,
    env: environment,
  });
  const tofu = createTofu({
    dataDir,
    clock,
    logger: log,
    masker,
    blobs,
    find: { bin: options.tofuBin, binDir: options.binDir, environment, allowTerraform: true },
    launcher: { agentCommand: options.agentCommand, env: options.agentEnvironment },
    ...(options.computeDir === undefined ? {} : { computeDir: options.computeDir }),
  });
  return {
    store,
    queue,
    secrets,
    blobs,
    gitlab,
    git,
    tofu,
    machines: createLocalMachines({ dataDir }),
    masker,
    log,
    machineRevision: computeModule(options.computeDir).machineRevision,
    async close() {
      await gitlab.close();
      await store.close();
      await plainSecrets.close();
    },
  };
}
