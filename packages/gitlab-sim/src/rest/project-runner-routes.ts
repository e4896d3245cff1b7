import { isInScope } from '../coordinator/matching.ts';
import { apiErrors } from '../errors.ts';
import { flag, integer, oneOf, required, text, texts } from '../http/fields.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { created, noContent, ok, type Route } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { projectFor } from '../state/lookup.ts';
import { runnerTypes } from '../state/runner.ts';
import { runnerEntity, runnerSummary } from './runner-entity.ts';
import { mayManage, runnerFor } from './runner-rights.ts';

/** Which runners serve a project. */
export function projectRunnerRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'GET',
      path: '/projects/:id/runners',
      auth: 'user',
      scopes: ['read_api', 'manage_runner'],
      query: {
        ...pageFields,
        type: oneOf(runnerTypes),
        paused: flag,
        status: oneOf(['online', 'offline', 'stale', 'never_contacted']),
        tag_list: texts,
        version_prefix: text,
      },
      handle: (call) => {
        const { caller, params, query } = call;
        const project = projectFor(world, caller, { id: params['id'] ?? '', role: 'maintainer' });
        const paused = query.flag('paused');
        const tags = query.texts('tag_list') ?? [];
        const found = [...world.runners.values()]
          .filter((runner) => isInScope(world, runner, project))
          .filter(({ scope }) => query.text('type') === undefined || scope === query.text('type'))
          .filter(({ isPaused }) => paused === undefined || isPaused === paused)
          .filter((runner) => tags.every((tag) => runner.tags.includes(tag)))
          .map((runner) => runnerSummary(context, runner))
          .filter(({ status }) => query.text('status') === undefined || status === query.text('status'));
        const page = pageOf(call, found);
        return ok(page.items, page.headers);
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/runners',
      auth: 'user',
      scopes: ['manage_runner'],
      body: { runner_id: required(integer) },
      handle: ({ caller, params, body }) => {
        const project = projectFor(world, caller, { id: params['id'] ?? '', role: 'maintainer' });
        const runner = world.runners.get(body.integer('runner_id') ?? 0);
        if (runner === undefined) throw apiErrors.notFound({ what: 'Runner' });
        if (runner.scope !== 'project_type')
          throw apiErrors.forbidden({ text: 'Runner is not a project runner' });
        if (runner.isLocked) throw apiErrors.forbidden({ text: 'Runner is locked' });
        if (!mayManage(context, caller, runner)) throw apiErrors.forbidden({ text: 'No access granted' });
        if (runner.projectIds.has(project.id)) {
          throw apiErrors.badRequest({ text: 'runner has already been taken' });
        }
        runner.projectIds.add(project.id);
        context.jobQueue.wake();
        return created(runnerEntity(context, runner, { withProjects: false }));
      },
    },
    {
      method: 'DELETE',
      path: '/projects/:id/runners/:runner_id',
      auth: 'user',
      scopes: ['manage_runner'],
      handle: ({ caller, params }) => {
        const project = projectFor(world, caller, { id: params['id'] ?? '', role: 'maintainer' });
        const runner = runnerFor(context, caller, params['runner_id']);
        if (!runner.projectIds.has(project.id)) throw apiErrors.notFound({ what: 'Runner' });
        if (runner.projectIds.size === 1) {
          throw apiErrors.forbidden({
            text: 'Only one project associated with the runner. Please remove it.',
          });
        }
        runner.projectIds.delete(project.id);
        return noContent;
      },
    },
  ];
}
