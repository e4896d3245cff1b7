import { z } from 'zod';
import { done, type RouteTable } from './route.ts';
import { Key, listOf, PageQuery, Role, Time } from './wire.ts';

/** A token of the API, without its value. */
export const ApiToken = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  /** Limited to these Eggs; absent: all. */
  eggs: z.array(z.string()).optional(),
  created_at: Time,
  expires_at: Time.optional(),
  last_used_at: Time.optional(),
  revoked_at: Time.optional(),
});
export type ApiToken = z.infer<typeof ApiToken>;

export const ApiTokenList = listOf(ApiToken);
export const TokenParams = z.strictObject({ id: Key });

export const CreateTokenRequest = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  role: Role,
  eggs: z.array(z.string().min(1).max(64)).min(1).max(100).optional(),
  expires_at: Time.optional(),
});

/** The only answer that holds the value. */
export const CreatedToken = ApiToken.extend({ token: z.string() });
export type CreatedToken = z.infer<typeof CreatedToken>;

export const tokenRoutes = {
  listTokens: {
    method: 'GET',
    path: '/tokens',
    summary: 'API tokens, without their values',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    query: PageQuery,
    success: { status: 200, schema: ApiTokenList },
  },
  createToken: {
    method: 'POST',
    path: '/tokens',
    summary: 'Make an API token; its value is shown once',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    body: CreateTokenRequest,
    success: { status: 201, schema: CreatedToken },
    errors: [409],
  },
  revokeToken: {
    method: 'DELETE',
    path: '/tokens/{id}',
    summary: 'Revoke an API token',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    params: TokenParams,
    success: done,
    errors: [404],
  },
} as const satisfies RouteTable;
