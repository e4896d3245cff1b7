import type { JobSpec } from '../ci/ci-config.ts';
import type { CiVariable } from '../ci/ci-variable.ts';

export const jobStatuses = [
  'created',
  'preparing',
  'waiting_for_resource',
  'waiting_for_callback',
  'scheduled',
  'manual',
  'pending',
  'running',
  'canceling',
  'canceled',
  'success',
  'failed',
  'skipped',
] as const;
export type JobStatus = (typeof jobStatuses)[number];

export interface Pipeline {
  readonly id: number;
  readonly iid: number;
  readonly projectId: number;
  readonly ref: string;
  readonly sha: string;
  readonly beforeSha: string;
  readonly source: string;
  readonly userId: number;
  readonly stages: readonly string[];
  readonly variables: readonly CiVariable[];
  readonly createdAtMs: number;
  status: JobStatus;
  startedAtMs: number | undefined;
  finishedAtMs: number | undefined;
}

export interface Job {
  readonly id: number;
  readonly projectId: number;
  readonly pipelineId: number;
  readonly spec: JobSpec;
  readonly token: string;
  /** How many tries came before this one. */
  readonly retriesCount: number;
  readonly createdAtMs: number;
  status: JobStatus;
  /** A newer job with the same name has taken its place. */
  isRetried: boolean;
  pendingAtMs: number | undefined;
  startedAtMs: number | undefined;
  finishedAtMs: number | undefined;
  failureReason: string | undefined;
  exitCode: number | undefined;
  /** Set from the moment a runner was handed the job, before it acknowledged. */
  runnerId: number | undefined;
  managerId: number | undefined;
  canCancelGracefully: boolean;
  /** Last word of the runner about this job. */
  lastContactMs: number;
  trace: Buffer;
}

/** Statuses after which nothing changes any more. */
export function isFinished(status: JobStatus): boolean {
  return status === 'success' || status === 'failed' || status === 'canceled' || status === 'skipped';
}

/** Statuses in which a runner works on the job. */
export function isOnRunner(status: JobStatus): boolean {
  return status === 'running' || status === 'canceling';
}
