import type {
  ApexScheduleValues,
  ApexValues,
  CloudValues,
  DockerValues,
  EnvironmentValues,
  GitlabValues,
  JobValues,
  NadirValues,
  PolicyRuleValues,
  ResourcesValues,
  RunnersConditionValues,
  RunnerTypeValue,
  RunnerValues,
} from './values.ts';

type Sure<Values, Names extends keyof Values> = Values & { readonly [Name in Names]-?: Values[Name] };

/** The values of blocks after `withDefaults`: what has a default that holds everywhere is always there. */
export type FilledCloudValues = Sure<CloudValues, 'zones' | 'spot' | 'security_groups' | 'ssh_public_keys'>;
export type FilledResourcesValues = Sure<ResourcesValues, 'cpu' | 'memory' | 'disk'>;
export type FilledDockerValues = Sure<DockerValues, 'privileged' | 'volumes' | 'allowed_images'>;
export type FilledGitlabValues = Sure<GitlabValues, 'server'>;
export type FilledRunnerValues = Omit<
  Sure<RunnerValues, 'tags' | 'concurrent' | 'jobs_per_runner' | 'idle_timeout' | 'protected' | 'locked'>,
  'docker'
> & { readonly docker?: FilledDockerValues };

interface FilledPoolValues {
  readonly type: RunnerTypeValue;
  readonly cloud?: FilledCloudValues;
  readonly resources: FilledResourcesValues;
  readonly runner: FilledRunnerValues;
  readonly environment: EnvironmentValues;
}

export interface FilledEggValues extends FilledPoolValues {
  readonly gitlab: FilledGitlabValues;
}

export interface FilledEggsBucketValues extends FilledPoolValues {
  readonly repositories: {
    readonly repo: readonly { readonly label: string; readonly gitlab: FilledGitlabValues }[];
  };
}

export interface FilledJobValues extends Omit<JobValues, 'runner' | 'on_failure'> {
  readonly runner: { readonly type: RunnerTypeValue; readonly tags: readonly string[] };
  readonly on_failure: { readonly notify: readonly string[] };
}

export type FilledApexValues = Omit<Sure<ApexValues, 'min_count'>, 'schedule'> & {
  readonly schedule?: readonly Sure<ApexScheduleValues, 'timezone'>[];
};
export type FilledNadirValues = Sure<NadirValues, 'max_count' | 'min_count' | 'idle_timeout' | 'mode'>;

export interface FilledUglyfoxValues {
  readonly pruning: {
    readonly failed_threshold: number;
    readonly max_age: number;
    readonly check_interval: number;
  };
  readonly runners_condition?: readonly (Omit<RunnersConditionValues, 'apex' | 'nadir'> & {
    readonly apex?: FilledApexValues;
    readonly nadir?: FilledNadirValues;
  })[];
  readonly policies?: { readonly rule?: readonly PolicyRuleValues[] };
}
