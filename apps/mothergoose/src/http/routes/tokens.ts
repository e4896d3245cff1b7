import type { HttpContext } from '../context.ts';
import { httpErrors } from '../http-errors.ts';
import type { Handlers } from '../mount.ts';
import { pageOf, toWirePage } from '../to-wire/page.ts';
import { toWireToken } from '../to-wire/records.ts';
import { fromTime } from '../to-wire/time.ts';
import { foundOrMissing } from './found.ts';
import { pageRequest } from './page-request.ts';

type TokenHandlers = Pick<Handlers, 'listTokens' | 'createToken' | 'revokeToken'>;

export function tokenHandlers({ engine: { tokens }, clock }: HttpContext): TokenHandlers {
  return {
    listTokens: async ({ caller, query, signal }) =>
      toWirePage(pageOf(await tokens.list(caller, { signal }), pageRequest(query)), toWireToken),
    async createToken({ caller, body, signal }) {
      const { name, role, eggs } = body;
      const expiresAt = body.expires_at === undefined ? undefined : fromTime(body.expires_at);
      if (expiresAt !== undefined && expiresAt <= clock.now()) {
        const errors = [{ path: 'body.expires_at', code: 'in_the_past', message: 'is over already' }];
        throw httpErrors.badRequest({ what: 'body', errors });
      }
      const request = {
        name,
        role,
        ...(eggs === undefined ? undefined : { eggs }),
        ...(expiresAt === undefined ? undefined : { expiresAt }),
      };
      const created = await tokens.create(caller, request, { signal });
      return { ...toWireToken(created.row), token: created.token.reveal() };
    },
    async revokeToken({ caller, params, signal }) {
      foundOrMissing(await tokens.revoke(caller, params.id, { signal }), 'token');
      return undefined;
    },
  };
}
