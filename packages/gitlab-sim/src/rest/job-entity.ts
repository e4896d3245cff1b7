import { pipelineOf } from '../ci/job-lifecycle.ts';
import type { SimContext } from '../sim-context.ts';
import type { Job, Pipeline } from '../state/job.ts';
import type { Project } from '../state/project.ts';
import { commitEntity, isoOrNull, secondsBetween, userEntity, webUrl } from './entities.ts';
import { managerEntity, runnerSummary } from './runner-entity.ts';

export function jobEntity(context: SimContext, project: Project, job: Job) {
  const { world } = context;
  const pipeline = pipelineOf(context, job);
  const runner = job.runnerId === undefined ? undefined : world.runners.get(job.runnerId);
  const manager = job.managerId === undefined ? undefined : world.managers.get(job.managerId);
  const commit = [...project.heads.values()].find(({ sha }) => sha === pipeline.sha);
  const user = world.users.get(pipeline.userId);
  // A job that was handed out but not acknowledged still looks untaken.
  const isTaken = job.startedAtMs !== undefined;
  return {
    id: job.id,
    status: job.status,
    stage: job.spec.stage,
    name: job.spec.name,
    ref: pipeline.ref,
    tag: false,
    coverage: null,
    allow_failure: job.spec.allowFailure,
    created_at: isoOrNull(job.createdAtMs),
    started_at: isoOrNull(job.startedAtMs),
    finished_at: isoOrNull(job.finishedAtMs),
    erased_at: null,
    duration: secondsBetween(job.startedAtMs, job.finishedAtMs ?? context.clock.now()),
    queued_duration: secondsBetween(job.pendingAtMs, job.startedAtMs ?? context.clock.now()),
    ...(job.failureReason !== undefined && { failure_reason: job.failureReason }),
    tag_list: job.spec.tags,
    pipeline: pipelineSummary(context, project, pipeline),
    commit: commit === undefined ? null : commitEntity(commit),
    user: user === undefined ? null : userEntity(context, user),
    runner: runner !== undefined && isTaken ? runnerSummary(context, runner) : null,
    runner_manager: manager !== undefined && isTaken ? managerEntity(context, manager) : null,
    artifacts: [],
    artifacts_expire_at: null,
    archived: false,
    web_url: `${webUrl(context, project)}/-/jobs/${job.id}`,
    project: { ci_job_token_scope_enabled: false },
  };
}

export function pipelineSummary(context: SimContext, project: Project, pipeline: Pipeline) {
  return {
    id: pipeline.id,
    iid: pipeline.iid,
    project_id: project.id,
    sha: pipeline.sha,
    ref: pipeline.ref,
    status: pipeline.status,
    source: pipeline.source,
    created_at: isoOrNull(pipeline.createdAtMs),
    updated_at: isoOrNull(pipeline.finishedAtMs ?? pipeline.startedAtMs ?? pipeline.createdAtMs),
    web_url: `${webUrl(context, project)}/-/pipelines/${pipeline.id}`,
  };
}

export function pipelineEntity(context: SimContext, project: Project, pipeline: Pipeline) {
  const user = context.world.users.get(pipeline.userId);
  return {
    ...pipelineSummary(context, project, pipeline),
    before_sha: pipeline.beforeSha,
    tag: false,
    yaml_errors: null,
    user: user === undefined ? null : userEntity(context, user),
    started_at: isoOrNull(pipeline.startedAtMs),
    finished_at: isoOrNull(pipeline.finishedAtMs),
    committed_at: null,
    duration: secondsBetween(pipeline.startedAtMs, pipeline.finishedAtMs),
    queued_duration: secondsBetween(pipeline.createdAtMs, pipeline.startedAtMs),
    coverage: null,
  };
}
