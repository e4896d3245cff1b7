import { createHash } from 'node:crypto';
import { apiErrors } from '../errors.ts';
import { flag, required, text } from '../http/fields.ts';
import { pageFields, pageOf } from '../http/paging.ts';
import { created, noContent, ok, type Route, type UserCall } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { projectFor, roleIn } from '../state/lookup.ts';
import type { DeployKey, Project } from '../state/project.ts';
import { isoOrNull } from './entities.ts';

/** Deploy keys of a project; a key is unique on the whole server. */
export function deployKeyRoutes(context: SimContext): Route[] {
  return [...readRoutes(context), ...writeRoutes(context)];
}

function readRoutes(context: SimContext): Route[] {
  return [
    {
      method: 'GET',
      path: '/projects/:id/deploy_keys',
      auth: 'user',
      scopes: ['read_api'],
      query: pageFields,
      handle: (call) => {
        const project = keyProject(context, call);
        const keys = [...context.world.deployKeys.values()].filter(
          ({ projectId }) => projectId === project.id,
        );
        const page = pageOf(call, keys);
        return ok(page.items.map(deployKeyEntity), page.headers);
      },
    },
    {
      method: 'GET',
      path: '/projects/:id/deploy_keys/:key_id',
      auth: 'user',
      scopes: ['read_api'],
      handle: (call) => ok(deployKeyEntity(find(context, call))),
    },
  ];
}

function writeRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'POST',
      path: '/projects/:id/deploy_keys',
      auth: 'user',
      scopes: [],
      body: { key: required(text), title: required(text), can_push: flag, expires_at: text },
      handle: (call) => {
        const project = keyProject(context, call);
        const key = call.body.text('key') ?? '';
        const fingerprint = fingerprintOf(key);
        if (fingerprint === undefined) {
          throw apiErrors.badRequest({ text: 'key is invalid; should be a valid SSH public key' });
        }
        const known = [...world.deployKeys.values()].filter((other) => other.fingerprint === fingerprint);
        // A key of another project may be used again by someone who can see it there.
        if (known.some(({ projectId }) => projectId === project.id || !isSeen(context, call, projectId))) {
          throw apiErrors.badRequest({ text: 'deploy_key.fingerprint_sha256 has already been taken' });
        }
        const deployKey: DeployKey = {
          id: world.nextId('deployKey'),
          projectId: project.id,
          title: call.body.text('title') ?? '',
          key,
          fingerprint,
          canPush: call.body.flag('can_push') ?? false,
          createdAtMs: context.clock.now(),
          expiresAt: call.body.text('expires_at') ?? null,
        };
        world.deployKeys.set(deployKey.id, deployKey);
        return created(deployKeyEntity(deployKey));
      },
    },
    {
      method: 'PUT',
      path: '/projects/:id/deploy_keys/:key_id',
      auth: 'user',
      scopes: [],
      body: { title: text, can_push: flag },
      handle: (call) => {
        const key = find(context, call);
        key.title = call.body.text('title') ?? key.title;
        key.canPush = call.body.flag('can_push') ?? key.canPush;
        return ok(deployKeyEntity(key));
      },
    },
    {
      method: 'DELETE',
      path: '/projects/:id/deploy_keys/:key_id',
      auth: 'user',
      scopes: [],
      handle: (call) => {
        world.deployKeys.delete(find(context, call).id);
        return noContent;
      },
    },
  ];
}

export function deployKeyEntity(key: DeployKey) {
  return {
    id: key.id,
    title: key.title,
    key: key.key,
    fingerprint: null,
    fingerprint_sha256: key.fingerprint,
    created_at: isoOrNull(key.createdAtMs),
    expires_at: key.expiresAt,
    can_push: key.canPush,
  };
}

/** `SHA256:…` of an OpenSSH public key, as `ssh-keygen -l` prints it. */
function fingerprintOf(key: string): string | undefined {
  const blob = /^(?:ssh|ecdsa|sk-)[a-z0-9@.-]*\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(key.trim())?.[1];
  if (blob === undefined) return undefined;
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

function isSeen({ world }: SimContext, { caller }: UserCall, projectId: number): boolean {
  const project = world.projects.get(projectId);
  return project !== undefined && roleIn(world, caller.user, project) !== undefined;
}

function keyProject(context: SimContext, { caller, params }: UserCall): Project {
  return projectFor(context.world, caller, { id: params['id'] ?? '', role: 'maintainer' });
}

function find(context: SimContext, call: UserCall): DeployKey {
  const project = keyProject(context, call);
  const key = context.world.deployKeys.get(Number(call.params['key_id']));
  if (key === undefined || key.projectId !== project.id) throw apiErrors.notFound({ what: 'Deploy Key' });
  return key;
}
