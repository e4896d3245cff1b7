import type { EnvValue, Plain } from '../schema/types.ts';

/*
 * The values of blocks, written out so that they can be read. `agreement.ts` holds them to the schema table:
 * a row that is added there and not here does not compile. Names are those of the file; durations are ms,
 * `memory` counts MiB, `disk` GiB.
 */

export type RunnerTypeValue = 'vm' | 'serverless' | 'auto';
export type Provider = 'aws' | 'yandex' | 'local';
export type EnvironmentValues = Readonly<Record<string, EnvValue>>;

export interface CloudValues {
  readonly provider: Provider;
  readonly region?: string;
  readonly zones?: readonly string[];
  readonly spot?: 'never' | 'prefer' | 'only';
  readonly image?: string;
  readonly subnet?: string;
  readonly security_groups?: readonly string[];
  readonly public_ip?: boolean;
  readonly instance_profile?: string;
  readonly ssh_user?: string;
  readonly ssh_public_keys?: readonly string[];
}

export interface ResourcesValues {
  readonly cpu?: number;
  /** MiB. */
  readonly memory?: number;
  /** GiB. */
  readonly disk?: number;
  readonly instance_type?: string;
  readonly arch?: 'amd64' | 'arm64';
  readonly gpus?: number;
}

export interface DockerValues {
  readonly privileged?: boolean;
  readonly volumes?: readonly string[];
  readonly pull_policy?: 'always' | 'if-not-present' | 'never';
  readonly allowed_images?: readonly string[];
  readonly auth_config?: string;
}

export interface RunnerValues {
  readonly tags?: readonly string[];
  readonly concurrent?: number;
  readonly jobs_per_runner?: number;
  readonly max_jobs?: number;
  readonly idle_timeout?: number;
  readonly executor?: 'docker' | 'shell';
  readonly image?: string;
  readonly run_untagged?: boolean;
  readonly protected?: boolean;
  readonly locked?: boolean;
  readonly job_duration?: number;
  readonly maximum_timeout?: number;
  readonly pre_build_script?: string;
  readonly config_toml_extra?: string;
  readonly docker?: DockerValues;
}

/** Exactly one of `project_id` and `group_id` is there in a valid block. */
export interface GitlabValues {
  readonly server?: string;
  readonly project_id?: number;
  readonly group_id?: number;
  readonly url?: string;
  readonly ca_file?: string;
  readonly api_token_secret?: string;
  readonly token_secret?: string;
  readonly webhook_secret?: string;
}

interface PoolValues {
  readonly type: RunnerTypeValue;
  readonly cloud?: CloudValues;
  readonly resources?: ResourcesValues;
  readonly runner?: RunnerValues;
  readonly environment?: EnvironmentValues;
}

export interface EggValues extends PoolValues {
  readonly gitlab: GitlabValues;
}

export interface RepoValues {
  readonly label: string;
  readonly gitlab: GitlabValues;
}

export interface EggsBucketValues extends PoolValues {
  readonly repositories: { readonly repo: readonly RepoValues[] };
}

export interface JobValues {
  readonly schedule: string;
  readonly script: string;
  readonly runner?: { readonly type?: RunnerTypeValue; readonly tags?: readonly string[] };
  readonly on_failure?: { readonly notify?: readonly string[] };
}

export interface ApexScheduleValues {
  readonly label: string;
  readonly cron: string;
  readonly timezone?: string;
  readonly min_count?: number;
  readonly max_count?: number;
}

export interface ApexValues {
  readonly max_count?: number;
  readonly min_count?: number;
  readonly cpu_threshold?: number;
  readonly memory_threshold?: number;
  readonly schedule?: readonly ApexScheduleValues[];
}

export interface NadirValues {
  readonly max_count?: number;
  readonly min_count?: number;
  readonly idle_timeout?: number;
  readonly mode?: 'parked' | 'stopped';
}

export interface RunnersConditionValues {
  readonly label: string;
  readonly eggs_entities: readonly string[];
  readonly apex?: ApexValues;
  readonly nadir?: NadirValues;
}

export type PolicyAction = 'drain' | 'terminate' | 'replace' | 'demote_to_nadir' | 'promote_to_apex';

export interface PolicyRuleValues {
  readonly label: string;
  /** The text of the rule; `parseRule` of it has no problems. */
  readonly condition: string;
  readonly action: PolicyAction;
}

export interface UglyfoxValues {
  readonly pruning?: {
    readonly failed_threshold?: number;
    readonly max_age?: number;
    readonly check_interval?: number;
  };
  readonly runners_condition?: readonly RunnersConditionValues[];
  readonly policies?: { readonly rule?: readonly PolicyRuleValues[] };
}

export interface VariableValues {
  readonly type?: 'string' | 'int' | 'number' | 'bool' | 'enum' | 'list' | 'map' | 'any';
  readonly of?: readonly string[];
  readonly default?: Plain;
  readonly description?: string;
  readonly sensitive?: boolean;
}

export interface NotificationsValues {
  readonly email?: readonly string[];
  readonly webhook?: EnvValue;
}

/** Values without a schema of their own: `locals`, `values`, and the bodies of `defaults` and `patch`. */
export type FreeValues = Readonly<Record<string, Plain>>;
