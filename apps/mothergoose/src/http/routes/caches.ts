import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';

/** What OpenTofu would have to fetch or make again. */
export function cacheHandlers({ engine }: HttpContext): Pick<Handlers, 'clearCache'> {
  return {
    async clearCache({ caller, params: { kind }, signal }) {
      return { kind, removed: await engine.commands.clearCache(caller, kind, { signal }) };
    },
  };
}
