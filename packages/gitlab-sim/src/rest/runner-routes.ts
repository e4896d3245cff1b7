import { apiErrors } from '../errors.ts';
import { flag, oneOf, text } from '../http/fields.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { created, noContent, ok, type Route } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { jobStatuses } from '../state/job.ts';
import { hasRole } from '../state/lookup.ts';
import { createRunnerRoute, newRunnerToken } from './create-runner-route.ts';
import { isoOrNull } from './entities.ts';
import { jobEntity } from './job-entity.ts';
import { managerEntity, managersOf, runnerEntity } from './runner-entity.ts';
import { applyRunnerFields, runnerFields } from './runner-fields.ts';
import { runnerFor } from './runner-rights.ts';

/** Runners as their owner sees them. */
export function runnerRoutes(context: SimContext): Route[] {
  return [createRunnerRoute(context), ...readRoutes(context), ...writeRoutes(context)];
}

function readRoutes(context: SimContext): Route[] {
  return [
    {
      method: 'GET',
      path: '/runners/:id',
      auth: 'user',
      scopes: ['manage_runner'],
      query: { include_projects: flag },
      handle: ({ caller, params, query }) => {
        const runner = runnerFor(context, caller, params['id']);
        return ok(runnerEntity(context, runner, { withProjects: query.flag('include_projects') ?? true }));
      },
    },
    {
      method: 'GET',
      path: '/runners/:id/managers',
      auth: 'user',
      scopes: ['manage_runner'],
      handle: ({ caller, params }) => {
        const runner = runnerFor(context, caller, params['id']);
        return ok(managersOf(context, runner).map((manager) => managerEntity(context, manager)));
      },
    },
    {
      method: 'GET',
      path: '/runners/:id/jobs',
      auth: 'user',
      scopes: ['read_api', 'manage_runner'],
      query: {
        ...pageFields,
        system_id: text,
        status: oneOf(jobStatuses),
        order_by: oneOf(['id']),
        sort: oneOf(['asc', 'desc']),
      },
      handle: (call) => {
        const { caller, params, query } = call;
        const runner = runnerFor(context, caller, params['id']);
        const systemId = query.text('system_id');
        const jobs = [...context.world.jobs.values()]
          .filter((job) => job.runnerId === runner.id)
          .filter((job) => query.text('status') === undefined || job.status === query.text('status'))
          .filter(
            (job) =>
              systemId === undefined || context.world.managers.get(job.managerId ?? 0)?.systemId === systemId,
          )
          .toSorted((a, b) => (query.text('sort') === 'asc' ? a.id - b.id : b.id - a.id));
        const visible = jobs.flatMap((job) => {
          const project = context.world.projects.get(job.projectId);
          return project && hasRole(context.world, caller.user, { project, role: 'reporter' })
            ? [{ project, job }]
            : [];
        });
        const page = pageOf(call, visible);
        return ok(
          page.items.map(({ project, job }) => jobEntity(context, project, job)),
          page.headers,
        );
      },
    },
  ];
}

function writeRoutes(context: SimContext): Route[] {
  return [
    {
      method: 'PUT',
      path: '/runners/:id',
      auth: 'user',
      scopes: ['manage_runner'],
      body: { ...runnerFields, active: flag },
      handle: ({ caller, params, body }) => {
        const runner = runnerFor(context, caller, params['id']);
        if (body.has('active') && body.has('paused')) {
          throw apiErrors.badRequest({ text: 'active, paused are mutually exclusive' });
        }
        applyRunnerFields(runner, body);
        const isActive = body.flag('active');
        if (isActive !== undefined) runner.isPaused = !isActive;
        context.jobQueue.wake();
        return ok(runnerEntity(context, runner, { withProjects: true }));
      },
    },
    {
      method: 'DELETE',
      path: '/runners/:id',
      auth: 'user',
      scopes: ['manage_runner'],
      handle: ({ caller, params }) => {
        const runner = runnerFor(context, caller, params['id']);
        if (runner.projectIds.size > 1 && !caller.user.isAdmin) {
          throw apiErrors.forbidden({ text: 'Runner associated with more than one project' });
        }
        removeRunner(context, runner.id);
        return noContent;
      },
    },
    {
      method: 'POST',
      path: '/runners/:id/reset_authentication_token',
      auth: 'user',
      scopes: ['manage_runner'],
      handle: ({ caller, params }) => {
        const runner = runnerFor(context, caller, params['id']);
        runner.token = newRunnerToken(context, runner.scope);
        return created({ token: runner.token, token_expires_at: isoOrNull(runner.tokenExpiresAtMs) });
      },
    },
  ];
}

/** Takes a runner and its managers away; jobs they run go on, their tokens are the jobs' own. */
export function removeRunner(context: SimContext, id: number): void {
  context.world.runners.delete(id);
  for (const manager of context.world.managers.values()) {
    if (manager.runnerId === id) context.world.managers.delete(manager.id);
  }
}
