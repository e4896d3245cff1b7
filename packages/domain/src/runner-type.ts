import type { EggConfig, RunnerType } from './egg.ts';

/** A container may live for an hour; what may last that long needs a machine. */
export const serverlessLimitMs = 60 * 60_000;

/** What is known of a CI job before it runs. */
export interface JobNeeds {
  /** `timeout` of its project or job in GitLab. */
  readonly timeoutMs?: number;
  /** It needs privileges that no container service gives. */
  readonly isPrivileged?: boolean;
}

/**
 * Type of the runner for a job: the Egg's own, or with `type = "auto"` serverless when the job is expected to end
 * within an hour (declared, else learned, else its timeout) and needs nothing that a container cannot give.
 */
export function pickRunnerType(
  job: JobNeeds,
  egg: Pick<EggConfig, 'type' | 'runner'>,
  learned?: { readonly p95Ms: number },
): RunnerType {
  if (egg.type !== 'auto') return egg.type;
  const needsMachine =
    job.isPrivileged === true || egg.runner.executor === 'docker' || egg.runner.docker?.privileged === true;
  if (needsMachine) return 'vm';
  const expectedMs = egg.runner.jobDurationMs ?? learned?.p95Ms ?? job.timeoutMs ?? serverlessLimitMs;
  return expectedMs < serverlessLimitMs ? 'serverless' : 'vm';
}
