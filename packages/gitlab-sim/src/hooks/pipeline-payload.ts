import { jobsOf } from '../ci/job-lifecycle.ts';
import { secondsBetween, webUrl } from '../rest/entities.ts';
import type { SimContext } from '../sim-context.ts';
import type { Job, Pipeline } from '../state/job.ts';
import type { Project } from '../state/project.ts';
import { projectBlock, runnerBlock, spacedTime, userBlock } from './payload-parts.ts';

/** A Pipeline event; the project's id stands only in the `project` block. */
export function pipelinePayload(context: SimContext, project: Project, pipeline: Pipeline) {
  const commit = [...project.heads.values()].find(({ sha }) => sha === pipeline.sha);
  const jobs = jobsOf(context, pipeline).filter((job) => !job.isRetried);
  return {
    object_kind: 'pipeline',
    object_attributes: {
      id: pipeline.id,
      iid: pipeline.iid,
      name: null,
      ref: pipeline.ref,
      tag: false,
      sha: pipeline.sha,
      before_sha: pipeline.beforeSha,
      source: pipeline.source,
      status: pipeline.status,
      detailed_status: pipeline.status === 'success' ? 'passed' : pipeline.status,
      stages: [...new Set(jobs.map((job) => job.spec.stage))],
      created_at: spacedTime(pipeline.createdAtMs),
      finished_at: spacedTime(pipeline.finishedAtMs),
      duration: secondsBetween(pipeline.startedAtMs, pipeline.finishedAtMs),
      queued_duration: secondsBetween(pipeline.createdAtMs, pipeline.startedAtMs),
      protected_ref: project.protectedBranches.has(pipeline.ref),
      default_branch: pipeline.ref === project.defaultBranch,
      variables: pipeline.variables,
      url: `${webUrl(context, project)}/-/pipelines/${pipeline.id}`,
    },
    merge_request: null,
    user: userBlock(context, pipeline.userId),
    project: projectBlock(context, project),
    commit: {
      id: pipeline.sha,
      message: commit?.title ?? '',
      title: commit?.title ?? '',
      timestamp: new Date(commit?.atMs ?? pipeline.createdAtMs).toISOString(),
      url: `${webUrl(context, project)}/-/commit/${pipeline.sha}`,
      author: { name: commit?.authorName ?? '', email: '[REDACTED]' },
    },
    builds: jobs.map((job) => buildBlock(context, pipeline, job)),
  };
}

function buildBlock(context: SimContext, pipeline: Pipeline, job: Job) {
  const isTaken = job.startedAtMs !== undefined && job.runnerId !== undefined;
  return {
    id: job.id,
    stage: job.spec.stage,
    name: job.spec.name,
    status: job.status,
    created_at: spacedTime(job.createdAtMs),
    started_at: spacedTime(job.startedAtMs),
    finished_at: spacedTime(job.finishedAtMs),
    duration: secondsBetween(job.startedAtMs, job.finishedAtMs),
    queued_duration: secondsBetween(job.pendingAtMs, job.startedAtMs),
    failure_reason: job.failureReason ?? null,
    when: job.spec.when,
    manual: job.spec.when === 'manual',
    allow_failure: job.spec.allowFailure,
    user: userBlock(context, pipeline.userId),
    runner: isTaken ? runnerBlock(context.world.runners.get(job.runnerId ?? 0)) : null,
    artifacts_file: { filename: null, size: null },
    environment: null,
  };
}
