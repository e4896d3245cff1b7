import { createPipeline } from '../ci/create-pipeline.ts';
import { cancelJob, moveJob, restartJob } from '../ci/job-lifecycle.ts';
import { simErrors } from '../errors.ts';
import type { GitlabSim, NewPush } from '../gitlab-sim.ts';
import { pushPayload } from '../hooks/push-payload.ts';
import type { SimContext } from '../sim-context.ts';
import { isFinished, type Job } from '../state/job.ts';
import { type Commit, type Project, zeroSha } from '../state/project.ts';
import { newSha, projectOf, userOf } from './account-actions.ts';

type CiActions = Pick<
  GitlabSim,
  'push' | 'pushHookOnly' | 'runPipeline' | 'playJob' | 'cancelJob' | 'retryJob'
>;

/** Commits, pipelines and jobs moved by hand. */
export function ciActions(context: SimContext): CiActions {
  return {
    push(projectId, push = {}) {
      const project = projectOf(context, projectId);
      const { sha, beforeSha, ref, userId } = commit(context, project, push);
      const pipeline =
        project.ci && createPipeline(context, project, { ref, source: 'push', userId, beforeSha });
      return { sha, pipelineId: pipeline?.id };
    },
    pushHookOnly: (projectId, push = {}) => ({
      sha: commit(context, projectOf(context, projectId), push).sha,
    }),
    runPipeline(projectId, options = {}) {
      const project = projectOf(context, projectId);
      const pipeline = createPipeline(context, project, {
        ref: options.ref ?? project.defaultBranch,
        source: 'web',
        userId: userOf(context, 'root').id,
        variables: Object.entries(options.variables ?? {}).map(([key, value]) => ({ key, value })),
      });
      return { id: pipeline.id };
    },
    playJob(jobId) {
      const job = jobOf(context, jobId);
      if (job.status !== 'manual') throw simErrors.wrongState({ what: 'play', state: job.status });
      moveJob(context, job, 'pending');
    },
    cancelJob: (jobId, options) =>
      cancelJob(context, jobOf(context, jobId), { isForced: options?.isForced ?? false }),
    retryJob(jobId) {
      const job = jobOf(context, jobId);
      if (!isFinished(job.status) || job.isRetried) {
        throw simErrors.wrongState({ what: 'retry', state: job.isRetried ? 'retried' : job.status });
      }
      return { id: restartJob(context, job).id };
    },
  };
}

export function jobOf(context: SimContext, id: number): Job {
  const job = context.world.jobs.get(id);
  if (job === undefined) throw simErrors.unknown({ what: 'job', id });
  return job;
}

/** Moves the branch and sends the push event. */
function commit(context: SimContext, project: Project, push: NewPush) {
  const ref = push.ref ?? project.defaultBranch;
  const user = userOf(context, push.user ?? 'root');
  const beforeSha = project.heads.get(ref)?.sha ?? zeroSha;
  const next: Commit = {
    sha: push.sha ?? newSha(context),
    title: push.title ?? 'Change something',
    authorName: user.name,
    authorEmail: user.email,
    atMs: context.clock.now(),
  };
  project.heads.set(ref, next);
  const payload = pushPayload(context, project, {
    branch: ref,
    beforeSha,
    commit: next,
    userId: user.id,
    changed: { added: push.added ?? [], modified: push.modified ?? [], removed: push.removed ?? [] },
  });
  context.events.happened({ projectId: project.id, trigger: 'push_events', payload });
  return { sha: next.sha, beforeSha, ref, userId: user.id };
}
