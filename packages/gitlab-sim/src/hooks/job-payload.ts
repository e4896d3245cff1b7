import { pipelineOf } from '../ci/job-lifecycle.ts';
import { isoOrNull, secondsBetween, webUrl } from '../rest/entities.ts';
import type { SimContext } from '../sim-context.ts';
import type { Job, Pipeline } from '../state/job.ts';
import type { Project } from '../state/project.ts';
import { isoSeconds, projectBlock, repositoryBlock, runnerBlock, userBlock } from './payload-parts.ts';

/** A Job event (`object_kind: "build"`). It has no job tags, and no runner before the job runs. */
export function jobPayload(context: SimContext, project: Project, job: Job) {
  const pipeline = pipelineOf(context, job);
  const isTaken = job.startedAtMs !== undefined && job.runnerId !== undefined;
  return {
    object_kind: 'build',
    ref: pipeline.ref,
    tag: false,
    before_sha: pipeline.beforeSha,
    sha: pipeline.sha,
    retries_count: job.retriesCount,
    build_id: job.id,
    build_name: job.spec.name,
    build_stage: job.spec.stage,
    build_status: job.status,
    build_created_at: isoOrNull(job.createdAtMs),
    build_started_at: isoOrNull(job.startedAtMs),
    build_finished_at: isoOrNull(job.finishedAtMs),
    build_created_at_iso: isoSeconds(job.createdAtMs),
    build_started_at_iso: isoSeconds(job.startedAtMs),
    build_finished_at_iso: isoSeconds(job.finishedAtMs),
    build_duration: secondsBetween(job.startedAtMs, job.finishedAtMs ?? context.clock.now()),
    build_queued_duration: secondsBetween(job.pendingAtMs, job.startedAtMs ?? context.clock.now()),
    build_allow_failure: job.spec.allowFailure,
    build_failure_reason: job.failureReason ?? 'unknown_failure',
    pipeline_id: pipeline.id,
    runner: isTaken ? runnerBlock(context.world.runners.get(job.runnerId ?? 0)) : null,
    project_id: project.id,
    project_name: project.path.replaceAll('/', ' / '),
    user: userBlock(context, pipeline.userId),
    commit: commitBlock(context, project, pipeline),
    repository: repositoryBlock(context, project),
    project: projectBlock(context, project),
    environment: null,
  };
}

/** GitLab's trap: `commit.id` of a Job event is the pipeline's id. */
function commitBlock(context: SimContext, project: Project, pipeline: Pipeline) {
  const commit = [...project.heads.values()].find(({ sha }) => sha === pipeline.sha);
  return {
    id: pipeline.id,
    name: null,
    sha: pipeline.sha,
    message: commit?.title ?? '',
    author_name: commit?.authorName ?? '',
    author_email: '[REDACTED]',
    author_url: webUrl(context, project),
    status: pipeline.status,
    duration: secondsBetween(pipeline.startedAtMs, pipeline.finishedAtMs),
    started_at: isoOrNull(pipeline.startedAtMs),
    finished_at: isoOrNull(pipeline.finishedAtMs),
    started_at_iso: isoSeconds(pipeline.startedAtMs),
    finished_at_iso: isoSeconds(pipeline.finishedAtMs),
  };
}
