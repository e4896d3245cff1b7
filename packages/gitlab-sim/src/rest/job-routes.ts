import { cancelJob, moveJob, restartJob } from '../ci/job-lifecycle.ts';
import { apiErrors } from '../errors.ts';
import { flag, integer, listOf, objects, text } from '../http/fields.ts';
import { keysetFields, keysetPageOf, pageFields, pageOf } from '../http/paging.ts';
import { created, ok, type Route, type UserCall } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import type { Access } from '../state/accounts.ts';
import { isFinished, type Job, jobStatuses } from '../state/job.ts';
import { jobIn, projectFor } from '../state/lookup.ts';
import type { Project } from '../state/project.ts';
import { jobEntity } from './job-entity.ts';

/** Jobs of a project: list, one, log, cancel, retry, play. */
export function jobRoutes(context: SimContext): Route[] {
  return [...readRoutes(context), ...writeRoutes(context)];
}

function readRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'GET',
      path: '/projects/:id/jobs',
      auth: 'user',
      scopes: ['read_api'],
      query: { ...pageFields, ...keysetFields, scope: listOf(jobStatuses), ref: text },
      handle: (call) => {
        const project = projectFor(world, call.caller, { id: call.params['id'] ?? '', role: 'reporter' });
        const scope: readonly string[] | undefined = call.query.texts('scope');
        const ref = call.query.text('ref');
        const found = [...world.jobs.values()]
          .filter((job) => job.projectId === project.id && (scope?.includes(job.status) ?? true))
          .filter((job) => ref === undefined || world.pipelines.get(job.pipelineId)?.ref === ref)
          .toReversed();
        const isKeyset = call.query.text('pagination') === 'keyset';
        const page = isKeyset ? keysetPageOf(call, found) : pageOf(call, found);
        return ok(
          page.items.map((job) => jobEntity(context, project, job)),
          page.headers,
        );
      },
    },
    {
      method: 'GET',
      path: '/projects/:id/jobs/:job_id',
      auth: 'user',
      scopes: ['read_api'],
      handle: (call) => {
        const { project, job } = find(context, call, 'reporter');
        return ok(jobEntity(context, project, job));
      },
    },
    {
      method: 'GET',
      path: '/projects/:id/jobs/:job_id/trace',
      auth: 'user',
      scopes: ['read_api'],
      query: { byte_offset: integer, byte_limit: integer },
      handle: (call) => {
        const { job } = find(context, call, 'reporter');
        const start = call.query.integer('byte_offset') ?? 0;
        const limit = call.query.integer('byte_limit') ?? job.trace.length;
        return { status: 200, text: job.trace.subarray(start, start + limit) };
      },
    },
  ];
}

function writeRoutes(context: SimContext): Route[] {
  return [
    {
      method: 'POST',
      path: '/projects/:id/jobs/:job_id/cancel',
      auth: 'user',
      scopes: [],
      body: { force: flag },
      handle: (call) => {
        const { project, job } = find(context, call, 'developer');
        cancelJob(context, job, { isForced: call.body.flag('force') ?? false });
        return created(jobEntity(context, project, job));
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/jobs/:job_id/retry',
      auth: 'user',
      scopes: [],
      handle: (call) => {
        const { project, job } = find(context, call, 'developer');
        if (!isFinished(job.status) || job.isRetried)
          throw apiErrors.forbidden({ text: 'Job is not retryable' });
        return created(jobEntity(context, project, restartJob(context, job)));
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/jobs/:job_id/play',
      auth: 'user',
      scopes: [],
      body: { job_variables_attributes: objects },
      handle: (call) => {
        const { project, job } = find(context, call, 'developer');
        if (job.status !== 'manual') throw apiErrors.badRequest({ text: 'Unplayable Job' });
        moveJob(context, job, 'pending');
        return ok(jobEntity(context, project, job));
      },
    },
  ];
}

function find(context: SimContext, call: UserCall, role: Access): { project: Project; job: Job } {
  const project = projectFor(context.world, call.caller, { id: call.params['id'] ?? '', role });
  return { project, job: jobIn(context.world, project, call.params['job_id'] ?? '') };
}
