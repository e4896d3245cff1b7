import type { IncomingHttpHeaders } from 'node:http';
import type { SimContext } from '../sim-context.ts';
import type { Caller } from '../state/accounts.ts';
import type { Reply, UserRoute } from './route.ts';

/** Who sends this request, or GitLab's refusal: 401 for the token, 403 for its scope. */
export function authenticate(
  context: SimContext,
  headers: IncomingHttpHeaders,
  route: UserRoute,
): Caller | Reply {
  const value = tokenOf(headers);
  const token = value === undefined ? undefined : context.world.tokens.get(value);
  const user = token && context.world.users.get(token.userId);
  if (token === undefined || user === undefined)
    return { status: 401, body: { message: '401 Unauthorized' } };
  const nowMs = context.clock.now();
  if (token.expiresAtMs !== undefined && token.expiresAtMs <= nowMs) {
    return {
      status: 401,
      body: {
        error: 'invalid_token',
        error_description: 'Token is expired. You can either do re-authorization or token refresh.',
      },
    };
  }
  const accepted = route.scopes === 'any' ? token.scopes : ['api' as const, ...route.scopes];
  if (!accepted.some((scope) => token.scopes.includes(scope))) {
    return {
      status: 403,
      body: {
        error: 'insufficient_scope',
        error_description: 'The request requires higher privileges than provided by the access token.',
        scope: accepted.join(' '),
      },
    };
  }
  token.lastUsedAtMs = nowMs;
  return { user, token };
}

export function isCaller(value: Caller | Reply): value is Caller {
  return 'user' in value;
}

function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const own = headers['private-token'];
  if (typeof own === 'string') return own;
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
}
