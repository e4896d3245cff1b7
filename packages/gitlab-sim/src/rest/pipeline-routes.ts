import { createPipeline } from '../ci/create-pipeline.ts';
import { cancelJob, jobsOf } from '../ci/job-lifecycle.ts';
import { apiErrors } from '../errors.ts';
import { flag, listOf, objects, oneOf, required, text } from '../http/fields.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { created, ok, type Route, type UserCall } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import type { Access } from '../state/accounts.ts';
import { jobStatuses, type Pipeline } from '../state/job.ts';
import { projectFor } from '../state/lookup.ts';
import type { Project } from '../state/project.ts';
import { jobEntity, pipelineEntity, pipelineSummary } from './job-entity.ts';

/** Pipelines of a project: list, one, its jobs, start, cancel. */
export function pipelineRoutes(context: SimContext): Route[] {
  return [...readRoutes(context), ...writeRoutes(context)];
}

function readRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'GET',
      path: '/projects/:id/pipelines',
      auth: 'user',
      scopes: ['read_api'],
      query: { ...pageFields, status: oneOf(jobStatuses), ref: text, sha: text, source: text },
      handle: (call) => {
        const project = projectFor(world, call.caller, { id: call.params['id'] ?? '', role: 'reporter' });
        const isWanted = (name: string, value: string) => (call.query.text(name) ?? value) === value;
        const found = [...world.pipelines.values()]
          .filter(({ projectId }) => projectId === project.id)
          .filter((one) => isWanted('status', one.status) && isWanted('ref', one.ref))
          .filter((one) => isWanted('sha', one.sha) && isWanted('source', one.source))
          .toReversed();
        const page = pageOf(call, found);
        return ok(
          page.items.map((pipeline) => pipelineSummary(context, project, pipeline)),
          page.headers,
        );
      },
    },
    {
      method: 'GET',
      path: '/projects/:id/pipelines/:pipeline_id',
      auth: 'user',
      scopes: ['read_api'],
      handle: (call) => {
        const { project, pipeline } = find(context, call, 'reporter');
        return ok(pipelineEntity(context, project, pipeline));
      },
    },
    {
      method: 'GET',
      path: '/projects/:id/pipelines/:pipeline_id/jobs',
      auth: 'user',
      scopes: ['read_api'],
      query: { ...pageFields, scope: listOf(jobStatuses), include_retried: flag },
      handle: (call) => {
        const { project, pipeline } = find(context, call, 'reporter');
        const scope: readonly string[] | undefined = call.query.texts('scope');
        const found = jobsOf(context, pipeline)
          .filter((job) => call.query.flag('include_retried') || !job.isRetried)
          .filter((job) => scope?.includes(job.status) ?? true)
          .toReversed();
        const page = pageOf(call, found);
        return ok(
          page.items.map((job) => jobEntity(context, project, job)),
          page.headers,
        );
      },
    },
  ];
}

function writeRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'POST',
      path: '/projects/:id/pipeline',
      auth: 'user',
      scopes: [],
      body: { ref: required(text), variables: objects },
      handle: ({ caller, params, body }) => {
        const project = projectFor(world, caller, { id: params['id'] ?? '', role: 'developer' });
        const ref = body.text('ref') ?? '';
        if (!project.heads.has(ref)) throw apiErrors.badRequest({ text: 'Reference not found' });
        const variables = (body.objects('variables') ?? []).map(({ key, value }) => ({
          key: String(key),
          value: String(value ?? ''),
        }));
        const pipeline = createPipeline(context, project, {
          ref,
          source: 'api',
          userId: caller.user.id,
          variables,
        });
        return created(pipelineEntity(context, project, pipeline));
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/pipelines/:pipeline_id/cancel',
      auth: 'user',
      scopes: [],
      handle: (call) => {
        const { project, pipeline } = find(context, call, 'developer');
        for (const job of jobsOf(context, pipeline).toReversed())
          cancelJob(context, job, { isForced: false });
        return created(pipelineEntity(context, project, pipeline));
      },
    },
  ];
}

function find(context: SimContext, call: UserCall, role: Access): { project: Project; pipeline: Pipeline } {
  const project = projectFor(context.world, call.caller, { id: call.params['id'] ?? '', role });
  const pipeline = context.world.pipelines.get(Number(call.params['pipeline_id']));
  if (pipeline === undefined || pipeline.projectId !== project.id) throw apiErrors.notFound({ what: '' });
  return { project, pipeline };
}
