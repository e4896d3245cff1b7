import { flag, oneOf, text } from '../http/fields.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { ok, type Route } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { groupFor, projectFor, roleIn } from '../state/lookup.ts';
import { groupEntity, projectEntity } from './entities.ts';

/** Projects and groups, to read. */
export function projectRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'GET',
      path: '/projects/:id',
      auth: 'user',
      scopes: ['read_api'],
      query: { statistics: flag, with_custom_attributes: flag, license: flag },
      handle: ({ caller, params }) => {
        const project = projectFor(world, caller, { id: params['id'] ?? '', role: 'guest' });
        return ok(projectEntity(context, project));
      },
    },
    {
      method: 'GET',
      path: '/groups/:id',
      auth: 'user',
      scopes: ['read_api'],
      query: { with_custom_attributes: flag, with_projects: flag },
      handle: ({ caller, params }) => {
        const group = groupFor(world, caller, { id: params['id'] ?? '', role: 'guest' });
        return ok(groupEntity(context, group));
      },
    },
    {
      method: 'GET',
      path: '/groups/:id/projects',
      auth: 'user',
      scopes: ['read_api'],
      query: {
        ...pageFields,
        include_subgroups: flag,
        archived: flag,
        with_shared: flag,
        simple: flag,
        search: text,
        order_by: oneOf(['id', 'created_at']),
        sort: oneOf(['asc', 'desc']),
      },
      handle: (call) => {
        const { caller, params, query } = call;
        const group = groupFor(world, caller, { id: params['id'] ?? '', role: 'guest' });
        const isBelow = (path: string) =>
          query.flag('include_subgroups')
            ? path.startsWith(`${group.path}/`)
            : path.slice(0, path.lastIndexOf('/')) === group.path;
        const found = [...world.projects.values()]
          .filter(({ path }) => isBelow(path) && path.includes(query.text('search') ?? ''))
          .filter((project) => roleIn(world, caller.user, project) !== undefined)
          .filter(() => query.flag('archived') !== true)
          .toSorted((a, b) => (query.text('sort') === 'asc' ? a.id - b.id : b.id - a.id));
        const page = pageOf(call, found);
        return ok(
          page.items.map((project) => projectEntity(context, project)),
          page.headers,
        );
      },
    },
  ];
}
