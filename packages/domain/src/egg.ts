import type { EggName } from './names.ts';

export type RunnerType = 'vm' | 'serverless';
export type CloudProvider = 'aws' | 'yandex' | 'local';
export type Executor = 'docker' | 'shell';

/** A value of `environment`: plain text, or a reference that is resolved only when a runner boots. */
export type EnvironmentValue = string | { readonly secret: string };

/** Where jobs come from: one project or one group on one GitLab server. */
export interface EggScope {
  /** Label of the `repo` in a bucket. */
  readonly repo?: string;
  /** Host in lower case, with the port if it is not the scheme's. */
  readonly server: string;
  /** Base URL of the server, without a slash at its end. */
  readonly url: string;
  readonly caFile?: string;
  readonly scope: 'project' | 'group';
  readonly scopeId: number;
  /** Explicit references that override the layout of secrets. */
  readonly apiTokenSecret?: string;
  readonly tokenSecret?: string;
  readonly webhookSecret?: string;
}

export interface EggCloud {
  readonly provider: CloudProvider;
  readonly region: string;
  readonly zones: readonly string[];
  readonly spot: 'never' | 'prefer' | 'only';
  readonly image?: string;
  readonly subnet?: string;
  readonly securityGroups: readonly string[];
  readonly publicIp?: boolean;
  readonly instanceProfile?: string;
  readonly sshUser?: string;
  readonly sshPublicKeys: readonly string[];
}

export interface EggResources {
  readonly cpu: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly instanceType?: string;
  readonly arch?: 'amd64' | 'arm64';
  readonly gpus?: number;
}

export interface EggDocker {
  readonly privileged: boolean;
  readonly volumes: readonly string[];
  readonly pullPolicy?: string;
  readonly allowedImages: readonly string[];
  readonly authConfigSecret?: string;
}

export interface EggRunner {
  readonly tags: readonly string[];
  /** Jobs the whole Egg runs at once. */
  readonly concurrent: number;
  /** Jobs one machine takes at once. */
  readonly jobsPerRunner: number;
  /** After so many jobs a runner is drained; absent: no limit. */
  readonly maxJobs?: number;
  readonly idleTimeoutMs: number;
  readonly executor: Executor;
  readonly image?: string;
  readonly runUntagged: boolean;
  readonly protected: boolean;
  readonly locked: boolean;
  /** Declared expected duration of a job, for `type = "auto"`. */
  readonly jobDurationMs?: number;
  /** GitLab's `maximum_timeout`, seconds. */
  readonly maximumTimeoutS?: number;
  readonly docker?: EggDocker;
  readonly preBuildScript?: string;
  readonly configTomlExtra?: string;
}

/** The two tiers of a pool; counts of machines. */
export interface PoolLimits {
  readonly apex: {
    readonly min: number;
    readonly max: number;
    readonly cpuThreshold?: number;
    readonly memoryThreshold?: number;
  };
  readonly nadir: { readonly min: number; readonly max: number; readonly idleTimeoutMs: number };
}

/** The effective configuration of one Egg or EggsBucket: defaults filled, references unresolved. Stored as JSON. */
export interface EggConfig {
  readonly name: EggName;
  readonly kind: 'egg' | 'bucket';
  readonly type: RunnerType | 'auto';
  readonly cloud: EggCloud;
  readonly resources: EggResources;
  readonly runner: EggRunner;
  readonly scopes: readonly EggScope[];
  readonly environment: Readonly<Record<string, EnvironmentValue>>;
  readonly pool: PoolLimits;
  readonly sourceFile: string;
}

/** Machines an Egg can need at most: ⌈concurrent / jobs_per_runner⌉. */
export function machinesAtMost(runner: Pick<EggRunner, 'concurrent' | 'jobsPerRunner'>): number {
  return Math.ceil(runner.concurrent / runner.jobsPerRunner);
}

/** The pool of an Egg that no `runners_condition` names: apex 0…machinesAtMost, no nadir. */
export function defaultPool(runner: EggRunner): PoolLimits {
  return {
    apex: { min: 0, max: machinesAtMost(runner) },
    nadir: { min: 0, max: 0, idleTimeoutMs: 30 * 60_000 },
  };
}
