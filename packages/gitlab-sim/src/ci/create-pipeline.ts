import { simErrors } from '../errors.ts';
import type { SimContext } from '../sim-context.ts';
import type { Pipeline } from '../state/job.ts';
import { type Project, zeroSha } from '../state/project.ts';
import type { CiVariable } from './ci-variable.ts';
import { advancePipeline, createJob } from './job-lifecycle.ts';

/** Starts a pipeline of the project's `.gitlab-ci.yml` on the newest commit of a branch. */
export function createPipeline(
  context: SimContext,
  project: Project,
  from: {
    ref: string;
    source: string;
    userId: number;
    beforeSha?: string;
    variables?: readonly CiVariable[];
  },
): Pipeline {
  const { world, clock } = context;
  if (project.ci === undefined) {
    throw simErrors.ciYamlInvalid({ problems: `project ${project.path} has none` });
  }
  const id = world.nextId('pipeline');
  const pipeline: Pipeline = {
    id,
    iid: [...world.pipelines.values()].filter((other) => other.projectId === project.id).length + 1,
    projectId: project.id,
    ref: from.ref,
    sha: project.heads.get(from.ref)?.sha ?? zeroSha,
    beforeSha: from.beforeSha ?? zeroSha,
    source: from.source,
    userId: from.userId,
    stages: project.ci.stages,
    variables: [...project.ci.variables, ...(from.variables ?? [])],
    createdAtMs: clock.now(),
    status: 'created',
    startedAtMs: undefined,
    finishedAtMs: undefined,
  };
  world.pipelines.set(id, pipeline);
  for (const spec of project.ci.jobs) createJob(context, pipeline, { spec, retriesCount: 0 });
  context.events.pipelineChanged(pipeline);
  advancePipeline(context, pipeline);
  return pipeline;
}
