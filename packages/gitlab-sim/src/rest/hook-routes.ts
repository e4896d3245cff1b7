import { apiErrors } from '../errors.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { created, noContent, ok, type Route, type UserCall } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import type { Hook } from '../state/hook.ts';
import { projectFor } from '../state/lookup.ts';
import type { Project } from '../state/project.ts';
import { hookEntity } from './hook-entity.ts';
import { applyHookFields, createHookFields, updateHookFields } from './hook-fields.ts';

const maxHooks = 100;

/** Webhooks of a project. */
export function hookRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'GET',
      path: '/projects/:id/hooks',
      auth: 'user',
      scopes: ['read_api'],
      query: pageFields,
      handle: (call) => {
        const project = hookProject(context, call);
        const page = pageOf(call, hooksOf(context, project));
        return ok(
          page.items.map((hook) => hookEntity(context, hook)),
          page.headers,
        );
      },
    },
    {
      method: 'POST',
      path: '/projects/:id/hooks',
      auth: 'user',
      scopes: [],
      body: createHookFields,
      handle: (call) => {
        const project = hookProject(context, call);
        if (hooksOf(context, project).length >= maxHooks) {
          throw apiErrors.unprocessable({ text: `Maximum number of project hooks (${maxHooks}) exceeded` });
        }
        const hook = emptyHook(context, project);
        applyHookFields(hook, call.body);
        world.hooks.set(hook.id, hook);
        return created(hookEntity(context, hook));
      },
    },
    {
      method: 'GET',
      path: '/projects/:id/hooks/:hook_id',
      auth: 'user',
      scopes: ['read_api'],
      handle: (call) => ok(hookEntity(context, hookOf(context, call))),
    },
    {
      method: 'PUT',
      path: '/projects/:id/hooks/:hook_id',
      auth: 'user',
      scopes: [],
      body: updateHookFields,
      handle: (call) => {
        const hook = hookOf(context, call);
        applyHookFields(hook, call.body);
        return ok(hookEntity(context, hook));
      },
    },
    {
      method: 'DELETE',
      path: '/projects/:id/hooks/:hook_id',
      auth: 'user',
      scopes: [],
      handle: (call) => {
        world.hooks.delete(hookOf(context, call).id);
        return noContent;
      },
    },
  ];
}

/** The hook of the path; needs the role that may manage hooks. */
export function hookOf(context: SimContext, call: UserCall): Hook {
  const project = hookProject(context, call);
  const hook = context.world.hooks.get(Number(call.params['hook_id']));
  if (hook === undefined || hook.projectId !== project.id) throw apiErrors.notFound({ what: '' });
  return hook;
}

export function hookProject(context: SimContext, { caller, params }: UserCall): Project {
  return projectFor(context.world, caller, { id: params['id'] ?? '', role: 'maintainer' });
}

function hooksOf(context: SimContext, project: Project): Hook[] {
  return [...context.world.hooks.values()].filter(({ projectId }) => projectId === project.id);
}

function emptyHook(context: SimContext, project: Project): Hook {
  return {
    id: context.world.nextId('hook'),
    projectId: project.id,
    createdAtMs: context.clock.now(),
    url: '',
    name: undefined,
    description: undefined,
    token: undefined,
    signingToken: undefined,
    // GitLab sends push events unless told not to.
    triggers: new Set(['push_events']),
    isSslVerified: true,
    pushBranchFilter: '',
    branchFilterStrategy: 'wildcard',
    customHeaders: new Map(),
    recentFailures: 0,
    backoffCount: 0,
    disabledUntilMs: undefined,
  };
}
