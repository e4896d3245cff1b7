import type { CiVariable } from './ci-variable.ts';

/** When a job of a stage is started, seen from the stages before it. */
export const jobWhens = ['on_success', 'on_failure', 'always', 'manual'] as const;
export type JobWhen = (typeof jobWhens)[number];

export interface RetryRule {
  readonly max: number;
  /** Failure reasons, or `always`. */
  readonly when: readonly string[];
}

/** One job as written; `parallel: 3` has become three of them. */
export interface JobSpec {
  readonly name: string;
  readonly stage: string;
  /** `before_script` and `script` in one, as GitLab sends them. */
  readonly script: readonly string[];
  readonly afterScript: readonly string[];
  readonly tags: readonly string[];
  readonly retry: RetryRule;
  readonly variables: readonly CiVariable[];
  readonly allowFailure: boolean;
  readonly timeoutMs: number | undefined;
  readonly when: JobWhen;
}

/** A checked `.gitlab-ci.yml`. */
export interface CiConfig {
  readonly stages: readonly string[];
  readonly variables: readonly CiVariable[];
  readonly jobs: readonly JobSpec[];
}
