import type { FilledEggValues } from '@polar-gosling/fly';

/** What is read of a filled `gitlab` block. */
export interface GitLabValues {
  readonly server: string;
  readonly project_id?: number;
  readonly group_id?: number;
  readonly url?: string;
  readonly ca_file?: string;
  readonly api_token_secret?: string;
  readonly token_secret?: string;
  readonly webhook_secret?: string;
}

/** What is read of a filled `docker` block. */
export interface DockerValues {
  readonly privileged: boolean;
  readonly volumes: readonly string[];
  readonly pull_policy?: string;
  readonly allowed_images: readonly string[];
  readonly auth_config?: string;
}

/** What is read of a filled `egg` or `eggsbucket` block: one has `gitlab`, the other `repositories`. */
export type PoolValues = Omit<FilledEggValues, 'gitlab' | 'runner' | 'type'> & {
  /** Absent only where a patch has removed it. */
  readonly type?: FilledEggValues['type'];
  readonly runner: Omit<FilledEggValues['runner'], 'docker'> & { readonly docker?: DockerValues };
  readonly gitlab?: GitLabValues;
  readonly repositories?: {
    readonly repo: readonly { readonly label: string; readonly gitlab: GitLabValues }[];
  };
};

/** What is read of one `runners_condition`. */
export interface ConditionValues {
  readonly label: string;
  readonly eggs_entities: readonly string[];
  readonly apex?: {
    readonly max_count?: number;
    readonly min_count?: number;
    readonly cpu_threshold?: number;
    readonly memory_threshold?: number;
  };
  readonly nadir?: {
    readonly max_count?: number;
    readonly min_count?: number;
    readonly idle_timeout?: number;
  };
}

/** What is read of a filled `uglyfox` block. */
export interface UglyFoxValues {
  readonly pruning: {
    readonly failed_threshold: number;
    readonly max_age: number;
    readonly check_interval: number;
  };
  readonly runners_condition?: readonly ConditionValues[];
  readonly policies?: {
    readonly rule?: readonly {
      readonly label: string;
      readonly condition: string;
      readonly action: 'drain' | 'terminate' | 'replace' | 'demote_to_nadir' | 'promote_to_apex';
    }[];
  };
}

/** What is read of a filled `job` block. */
export interface JobValues {
  readonly schedule: string;
  readonly script: string;
  readonly runner: { readonly type: 'vm' | 'serverless' | 'auto'; readonly tags: readonly string[] };
  readonly on_failure: { readonly notify: readonly string[] };
}
