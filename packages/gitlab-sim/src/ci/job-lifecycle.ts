import { simErrors } from '../errors.ts';
import type { SimContext } from '../sim-context.ts';
import { isFinished, isOnRunner, type Job, type JobStatus, type Pipeline } from '../state/job.ts';
import type { JobSpec } from './ci-config.ts';
import { pipelineStatus, pipelineView, startOf } from './pipeline-progress.ts';
import { isRetried } from './retry-policy.ts';

/** Makes a job in state `created`; GitLab sends an event for that already. */
export function createJob(
  context: SimContext,
  pipeline: Pipeline,
  from: { spec: JobSpec; retriesCount: number },
): Job {
  const nowMs = context.clock.now();
  const id = context.world.nextId('job');
  const job: Job = {
    id,
    projectId: pipeline.projectId,
    pipelineId: pipeline.id,
    spec: from.spec,
    token: `glcbt-64_${context.ids.token(15)}`,
    retriesCount: from.retriesCount,
    createdAtMs: nowMs,
    status: 'created',
    isRetried: false,
    pendingAtMs: undefined,
    startedAtMs: undefined,
    finishedAtMs: undefined,
    failureReason: undefined,
    exitCode: undefined,
    runnerId: undefined,
    managerId: undefined,
    canCancelGracefully: false,
    lastContactMs: nowMs,
    trace: Buffer.alloc(0),
  };
  context.world.jobs.set(id, job);
  context.events.jobChanged(job);
  return job;
}

/** Moves a job and tells everyone; times follow from the status. */
export function moveJob(context: SimContext, job: Job, status: JobStatus): void {
  if (job.status === status) return;
  const nowMs = context.clock.now();
  job.status = status;
  if (status === 'pending') job.pendingAtMs = nowMs;
  if (status === 'running') job.startedAtMs = nowMs;
  if (isFinished(status)) job.finishedAtMs = nowMs;
  context.events.jobChanged(job);
  if (status === 'pending') context.jobQueue.wake();
}

/** A runner has begun. */
export function startJob(context: SimContext, job: Job): void {
  moveJob(context, job, 'running');
  advancePipeline(context, pipelineOf(context, job));
}

/** Ends a job: retries it when its rule says so, then lets the pipeline go on. */
export function finishJob(
  context: SimContext,
  job: Job,
  outcome: { status: 'success' | 'failed' | 'canceled'; failureReason?: string; exitCode?: number },
): void {
  if (isFinished(job.status)) return;
  if (outcome.status === 'failed') job.failureReason = outcome.failureReason ?? 'unknown_failure';
  job.exitCode = outcome.exitCode;
  moveJob(context, job, outcome.status);
  const reason = job.failureReason;
  if (reason !== undefined && isRetried(job.spec.retry, reason, job.retriesCount)) {
    restartJob(context, job);
    return;
  }
  advancePipeline(context, pipelineOf(context, job));
}

/** Cancels what can be: at once, or through the runner when it knows how to cancel with grace. */
export function cancelJob(context: SimContext, job: Job, options: { isForced: boolean }): void {
  if (isFinished(job.status)) return;
  if (job.status === 'running' && job.canCancelGracefully && !options.isForced) {
    moveJob(context, job, 'canceling');
    return;
  }
  finishJob(context, job, { status: 'canceled' });
}

/** A retry is a new job with a new id, pending at once; later stages that were skipped wait again. */
export function restartJob(context: SimContext, job: Job): Job {
  const pipeline = pipelineOf(context, job);
  job.isRetried = true;
  const next = createJob(context, pipeline, { spec: job.spec, retriesCount: job.retriesCount + 1 });
  const laterStages = pipeline.stages.slice(pipeline.stages.indexOf(job.spec.stage) + 1);
  for (const other of jobsOf(context, pipeline)) {
    if (other.status === 'skipped' && laterStages.includes(other.spec.stage)) {
      other.finishedAtMs = undefined;
      moveJob(context, other, 'created');
    }
  }
  moveJob(context, next, 'pending');
  advancePipeline(context, pipeline);
  return next;
}

/** Starts what may start now, then sets the pipeline's own status. */
export function advancePipeline(context: SimContext, pipeline: Pipeline): void {
  const view = () => pipelineView(pipeline.stages, jobsOf(context, pipeline));
  for (let starts = startOf(view()); starts.length > 0; starts = startOf(view())) {
    for (const { job, status } of starts) moveJob(context, job, status);
  }
  const status = pipelineStatus(view());
  if (status === pipeline.status) return;
  const nowMs = context.clock.now();
  if (status === 'running') pipeline.startedAtMs ??= nowMs;
  pipeline.finishedAtMs = isFinished(status) ? nowMs : undefined;
  pipeline.status = status;
  context.events.pipelineChanged(pipeline);
}

/** All jobs of a pipeline, retried ones included, oldest first. */
export function jobsOf(context: SimContext, pipeline: Pipeline): Job[] {
  return [...context.world.jobs.values()].filter((job) => job.pipelineId === pipeline.id);
}

export function pipelineOf(context: SimContext, job: Job): Pipeline {
  const pipeline = context.world.pipelines.get(job.pipelineId);
  if (pipeline === undefined) throw simErrors.unknown({ what: 'pipeline', id: job.pipelineId });
  return pipeline;
}

/** Fails jobs whose runner went silent, and gives back those that were handed out but never acknowledged. */
export function dropSilentJobs(context: SimContext): void {
  const latestMs = context.clock.now() - context.settings.jobSilenceMs;
  for (const job of context.world.jobs.values()) {
    if (job.lastContactMs > latestMs) continue;
    if (job.status === 'canceling') finishJob(context, job, { status: 'canceled' });
    if (job.status === 'running') {
      finishJob(context, job, { status: 'failed', failureReason: 'runner_system_failure' });
    }
    if (job.status === 'pending' && job.runnerId !== undefined) {
      job.runnerId = undefined;
      job.managerId = undefined;
      context.jobQueue.wake();
    }
  }
}

/** Is the job in the hands of this manager right now? */
export function isHeldBy(job: Job, managerId: number): boolean {
  return job.managerId === managerId && isOnRunner(job.status);
}
