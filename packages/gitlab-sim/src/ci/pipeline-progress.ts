import type { Job, JobStatus } from '../state/job.ts';

/** The jobs that count (retried ones left out), stage by stage. */
export type PipelineView = readonly (readonly Job[])[];

export function pipelineView(stages: readonly string[], jobs: readonly Job[]): PipelineView {
  const current = jobs.filter((job) => !job.isRetried);
  return stages.map((stage) => current.filter((job) => job.spec.stage === stage));
}

/** Which created jobs leave that state now, and to where. Stages run one after the other. */
export function startOf(view: PipelineView): { job: Job; status: JobStatus }[] {
  let hasFailed = false;
  for (const jobs of view) {
    const waiting = jobs.filter((job) => job.status === 'created');
    if (waiting.length > 0) {
      return waiting.map((job) => ({ job, status: firstStatus(job, hasFailed) }));
    }
    if (jobs.some((job) => isAlive(job) || isBlocking(job))) return [];
    hasFailed ||= jobs.some(isFailure);
  }
  return [];
}

/** GitLab's composite status. */
export function pipelineStatus(view: PipelineView): JobStatus {
  const jobs = view.flat();
  const has = (...statuses: JobStatus[]) => jobs.some((job) => statuses.includes(job.status));
  const isUnfinished = has('created', 'pending', 'running', 'canceling');
  if (has('running', 'canceling') || (isUnfinished && has('success', 'failed', 'canceled'))) {
    return jobs.some(isBlocking) && !jobs.some(isAlive) ? 'manual' : 'running';
  }
  if (has('pending')) return 'pending';
  if (jobs.some(isBlocking)) return 'manual';
  if (isUnfinished) return 'created';
  if (jobs.some((job) => job.status === 'failed' && !job.spec.allowFailure)) return 'failed';
  if (jobs.some((job) => job.status === 'canceled' && !job.spec.allowFailure)) return 'canceled';
  return jobs.every((job) => job.status === 'skipped' || job.status === 'manual') ? 'skipped' : 'success';
}

function firstStatus(job: Job, hasFailed: boolean): JobStatus {
  const { when } = job.spec;
  const isWanted = when === 'always' || (when === 'on_failure' ? hasFailed : !hasFailed);
  if (!isWanted) return 'skipped';
  return when === 'manual' ? 'manual' : 'pending';
}

function isAlive(job: Job): boolean {
  return job.status === 'pending' || job.status === 'running' || job.status === 'canceling';
}

function isBlocking(job: Job): boolean {
  return job.status === 'manual' && !job.spec.allowFailure;
}

function isFailure(job: Job): boolean {
  return (job.status === 'failed' || job.status === 'canceled') && !job.spec.allowFailure;
}
