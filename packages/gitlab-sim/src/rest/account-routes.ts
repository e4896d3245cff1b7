import { ok, type Route } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { isoOrNull, userEntity } from './entities.ts';

/** Server version, own user, own token. */
export function accountRoutes(context: SimContext): Route[] {
  const { version } = context.settings;
  return [
    {
      method: 'GET',
      path: '/metadata',
      auth: 'user',
      scopes: ['read_api', 'read_user'],
      handle: () =>
        ok({
          version,
          revision: 'simulated',
          kas: {
            enabled: false,
            externalUrl: null,
            externalK8sProxyUrl: null,
            version: null,
          },
          enterprise: false,
        }),
    },
    {
      method: 'GET',
      path: '/version',
      auth: 'user',
      scopes: ['read_api', 'read_user'],
      handle: () => ok({ version, revision: 'simulated' }),
    },
    {
      method: 'GET',
      path: '/user',
      auth: 'user',
      scopes: ['read_api', 'read_user'],
      handle: ({ caller }) =>
        ok({
          ...userEntity(context, caller.user),
          email: caller.user.email,
          ...(caller.user.isAdmin && { is_admin: true }),
        }),
    },
    {
      method: 'GET',
      path: '/personal_access_tokens/self',
      auth: 'user',
      scopes: 'any',
      handle: ({ caller: { token } }) =>
        ok({
          id: token.id,
          name: token.name,
          revoked: false,
          created_at: isoOrNull(token.createdAtMs),
          description: null,
          scopes: token.scopes,
          user_id: token.userId,
          last_used_at: isoOrNull(token.lastUsedAtMs),
          active: true,
          expires_at: token.expiresAtMs === undefined ? null : isoOrNull(token.expiresAtMs)?.slice(0, 10),
        }),
    },
  ];
}
