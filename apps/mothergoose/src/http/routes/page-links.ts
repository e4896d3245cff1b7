import { Secret } from '@polar-gosling/kernel';
import { apiTokenOf } from '../access.ts';
import type { HttpContext } from '../context.ts';
import { httpErrors } from '../http-errors.ts';
import type { Handlers } from '../mount.ts';
import { toTime } from '../to-wire/time.ts';

/** Links that open the status page in a browser. */
export function pageLinkHandlers({ sessions }: HttpContext): Pick<Handlers, 'createPageLink'> {
  return {
    async createPageLink({ request }) {
      const token = apiTokenOf(request);
      if (token === undefined) throw httpErrors.unauthorized({});
      const { path, expiresAt } = sessions.createLink(new Secret(token));
      return { path, expires_at: toTime(expiresAt) };
    },
  };
}
