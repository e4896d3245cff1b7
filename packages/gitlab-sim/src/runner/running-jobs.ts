import type { RunnerEntry } from './runner-config.ts';
import type { RunnerJob } from './runner-job.ts';

/** A job in the hands of this runner. */
export interface RunningJob {
  readonly job: RunnerJob;
  readonly entry: RunnerEntry;
  readonly startedAtMs: number;
  stage: 'prepare_executor' | 'step_script' | 'after_script' | 'cleanup';
}

export type ProcessState = 'running' | 'graceful-shutdown' | 'forceful-shutdown';

/** What the runner's own pages show. */
export interface RunnerStatus {
  readonly systemId: string;
  readonly jobs: Set<RunningJob>;
  /** Failed jobs by `failure_reason`. */
  readonly failures: Map<string, number>;
  processState: ProcessState;
  jobsTotal: number;
  healthCheckFailures: number;
}

export function createRunnerStatus(systemId: string): RunnerStatus {
  return {
    systemId,
    jobs: new Set(),
    failures: new Map(),
    processState: 'running',
    jobsTotal: 0,
    healthCheckFailures: 0,
  };
}
