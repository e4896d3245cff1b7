import { type EggConfig, eggName, splitServerProject } from '@polar-gosling/domain';
import type { GitlabJob, GitlabTarget } from '@polar-gosling/ports/gitlab';
import type { CallOptions } from '@polar-gosling/ports/store';
import { targetOf } from '../bind/targets.ts';
import type { InternalDeps } from '../deps.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { applyJob, type JobSighting } from './apply-job.ts';

/** Reads one CI job from GitLab and applies it; a job that is gone there is closed here. */
export async function readAndApplyJob(
  deps: InternalDeps,
  at: { project: string; jobId: number },
  options: CallOptions & { trace: string },
): Promise<void> {
  const target = await projectTarget(deps, at.project, options);
  if (target === undefined) return;
  const { projectId } = splitServerProject(at.project);
  const job = await deps.gitlab.reader.job(target, { projectId, jobId: at.jobId }, options);
  if (job) {
    await applyJob(deps, toSighting(at.project, job), options);
    return;
  }
  const known = await getRow(
    deps.store,
    { ...typed.ciJobs, key: { partition: at.project, sort: at.jobId } },
    options,
  );
  if (known === undefined) return;
  const { name, ref, pipeline_id: pipelineId } = known;
  const gone = {
    serverProject: at.project,
    jobId: at.jobId,
    name,
    ref,
    pipelineId,
    status: 'canceled',
  } as const;
  await applyJob(deps, { ...gone, failureReason: 'not_found' }, options);
}

export function toSighting(serverProject: string, job: GitlabJob): JobSighting {
  return {
    serverProject,
    jobId: job.id,
    status: job.status,
    name: job.name,
    ref: job.ref,
    pipelineId: job.pipelineId,
    tags: job.tags,
    queuedAt: job.createdAt,
    ...(job.startedAt === undefined ? {} : { startedAt: job.startedAt }),
    ...(job.finishedAt === undefined ? {} : { finishedAt: job.finishedAt }),
    ...(job.systemId === undefined ? {} : { systemId: job.systemId }),
    ...(job.failureReason === undefined ? {} : { failureReason: job.failureReason }),
  };
}

/** How to call GitLab about a bound project: as any of its Eggs that has a token. */
export async function projectTarget(
  deps: InternalDeps,
  project: string,
  options: CallOptions,
): Promise<GitlabTarget | undefined> {
  const { server } = splitServerProject(project);
  const bindings = await listAll(deps.store, { ...typed.bindings, query: { partition: project } }, options);
  const keys = bindings.map(({ egg_name }) => ({ partition: egg_name }));
  for (const row of await getRows(deps.store, { ...typed.eggConfigs, keys }, options)) {
    if (row.kind !== 'egg' && row.kind !== 'bucket') continue;
    const config: EggConfig = row.config;
    const scope = config.scopes.find((one) => one.server === server);
    if (scope) return targetOf(deps, { egg: eggName(row.name), scope }, options);
  }
  return undefined;
}
