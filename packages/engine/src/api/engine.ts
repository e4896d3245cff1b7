import type { ComputeSettings } from '@polar-gosling/domain';
import type { Clock, IdSource, Logger } from '@polar-gosling/kernel';
import type { Binaries } from '@polar-gosling/ports/binaries';
import type { BlobStore } from '@polar-gosling/ports/blobs';
import type { GitReader } from '@polar-gosling/ports/git';
import type { GitlabHooks, GitlabPace, GitlabReader, GitlabRunners } from '@polar-gosling/ports/gitlab';
import type { LimitsSource } from '@polar-gosling/ports/limits';
import type { CloudMachines, Machines } from '@polar-gosling/ports/machines';
import type { QueueOperations, WorkQueue } from '@polar-gosling/ports/queue';
import type { RunnerStart } from '@polar-gosling/ports/runner-start';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import type { Store } from '@polar-gosling/ports/store';
import type { StoredRows } from '@polar-gosling/ports/store/adapter';
import type { Tofu } from '@polar-gosling/ports/tofu';
import type { AgentCalls } from './agents.ts';
import type { ApiTokens, Background, Commands } from './commands.ts';
import type { Events } from './events.ts';
import type { EngineMetrics } from './metrics.ts';
import type { Previews } from './previews.ts';
import type { Queries } from './queries.ts';
import type { Sets } from './sets.ts';
import type { Tools } from './tools.ts';
import type { WebhookIngest } from './webhooks.ts';

export interface EngineSettings {
  /** How GitLab reaches us; absent: poll mode, no webhooks are made. */
  readonly publicUrl?: string | undefined;
  /** How agents on this host reach us; those elsewhere use the public URL. */
  readonly agentUrl: string;
  /** Marks our hooks, machines and registrations. */
  readonly installation: string;
  readonly nest: {
    readonly url: string;
    readonly branch?: string;
    /** The Nest's project in GitLab, when it is known: its pushes sync at once. */
    readonly project?: {
      readonly server: string;
      readonly url: string;
      readonly path: string;
      readonly caFile?: string;
    };
  };
  readonly environment?: string;
  readonly isEmbedded: boolean;
  /** This process, in leases; unique. */
  readonly holder: string;
  /** Raised by hand in the compute module when its machines must be replaced. */
  readonly machineRevision: number;
  /** Where agents fetch gitlab-runner: `{os}` and `{arch}` in the address, SHA-256 by `os-arch`. Absent: nowhere. */
  readonly runnerMirror?: { readonly url: string; readonly sha256: Readonly<Record<string, string>> };
  /** Clouds that machines are made in, and what all their machines get; of others Eggs are refused. */
  readonly clouds?: Pick<ComputeSettings, 'aws' | 'yandex'>;
  /** What local runners are here, for people; absent: nothing is said of them. */
  readonly localRunners?: string;
  /** May local runners serve this server? The reason why not, else `undefined`. */
  refuseLocal(server: string): string | undefined;
  readonly heartbeatMs: number;
  readonly syncEveryMs: number;
  readonly sweepEveryMs: number;
  readonly pruneEveryMs: number;
  readonly concurrency: number;
}

export interface EngineDeps {
  readonly store: Store;
  /** The store's rows as they lie, to find big columns that none names; absent: those are never removed. */
  readonly storedRows?: StoredRows | undefined;
  readonly queue: WorkQueue & QueueOperations;
  readonly secrets: SecretStore;
  readonly blobs: BlobStore;
  readonly gitlab: {
    readonly reader: GitlabReader;
    readonly hooks: GitlabHooks;
    readonly runners: GitlabRunners;
    /** Absent: nothing is known of any limit. */
    readonly pace?: GitlabPace;
  };
  readonly git: GitReader;
  /** UglyFox's own checkout of the Nest, read with its own key; absent: it takes the policies that were synced. */
  readonly policiesGit?: GitReader | undefined;
  readonly tofu: Tofu;
  /** Of this host. */
  readonly machines: Machines;
  /** Of clouds; one that is absent proves nothing of its machines. */
  readonly cloudMachines?: Readonly<Partial<Record<'aws' | 'yandex', CloudMachines>>>;
  /** Where a cloud has runners that are invocations of a container; absent: none has. */
  readonly runnerStart?: RunnerStart;
  /** Limits outside the Nest; absent: there are none. */
  readonly limits?: LimitsSource;
  /** Versions of OpenTofu and of the agent. */
  readonly binaries: { readonly tofu: Binaries; readonly gosling: Binaries };
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly metrics: EngineMetrics;
  readonly settings: EngineSettings;
  /** Text of a CA file named in Fly, as it is; `undefined` when it cannot be read. */
  readonly readCaFile: (path: string) => string | undefined;
  /** Is this lease holder proved dead (its process is gone, same host and boot)? Absent: never proved. */
  readonly isHolderGone?: (holder: string) => boolean;
}

/** The use cases, grouped by who calls them. */
export interface Engine {
  readonly webhooks: WebhookIngest;
  readonly agents: AgentCalls;
  readonly queries: Queries;
  readonly commands: Commands;
  readonly tokens: ApiTokens;
  readonly tools: Tools;
  readonly previews: Previews;
  readonly sets: Sets;
  readonly events: Events;
  readonly background: Background;
}
