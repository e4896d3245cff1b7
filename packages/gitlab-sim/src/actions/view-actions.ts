import { pipelineOf } from '../ci/job-lifecycle.ts';
import { simErrors } from '../errors.ts';
import type { GitlabSim, JobView } from '../gitlab-sim.ts';
import { webUrl } from '../rest/entities.ts';
import type { SimContext } from '../sim-context.ts';
import type { Job } from '../state/job.ts';
import { projectOf } from './account-actions.ts';
import { jobOf } from './ci-actions.ts';

type ViewActions = Pick<
  GitlabSim,
  | 'jobs'
  | 'job'
  | 'pipeline'
  | 'hooks'
  | 'runners'
  | 'managers'
  | 'deployKeys'
  | 'deliveries'
  | 'violations'
  | 'faults'
  | 'onJobChange'
>;

/** What there is to see. */
export function viewActions(context: SimContext): ViewActions {
  const { world } = context;
  return {
    jobs: (projectId) =>
      [...world.jobs.values()]
        .filter((job) => projectId === undefined || job.projectId === projectId)
        .map((job) => viewJob(context, job)),
    job: (jobId) => viewJob(context, jobOf(context, jobId)),
    pipeline(pipelineId) {
      const pipeline = world.pipelines.get(pipelineId);
      if (pipeline === undefined) throw simErrors.unknown({ what: 'pipeline', id: pipelineId });
      return pipeline;
    },
    hooks: (projectId) => [...world.hooks.values()].filter((hook) => hook.projectId === projectId),
    runners: () => [...world.runners.values()],
    managers: (runnerId) =>
      [...world.managers.values()].filter((one) => runnerId === undefined || one.runnerId === runnerId),
    deployKeys: (projectId) => [...world.deployKeys.values()].filter((key) => key.projectId === projectId),
    deliveries: world.deliveries,
    violations: world.violations,
    faults: context.faults,
    onJobChange: (listener) => context.events.onJob((job) => listener(viewJob(context, job))),
  };
}

function viewJob(context: SimContext, job: Job): JobView {
  return {
    id: job.id,
    projectId: job.projectId,
    pipelineId: job.pipelineId,
    name: job.spec.name,
    stage: job.spec.stage,
    status: job.status,
    tags: job.spec.tags,
    ref: pipelineOf(context, job).ref,
    webUrl: `${webUrl(context, projectOf(context, job.projectId))}/-/jobs/${job.id}`,
    runnerId: job.runnerId,
    systemId: context.world.managers.get(job.managerId ?? 0)?.systemId,
    failureReason: job.failureReason,
    exitCode: job.exitCode,
    retriesCount: job.retriesCount,
    isRetried: job.isRetried,
    trace: job.trace.toString(),
  };
}
