import { openApiDocument } from '@polar-gosling/api-contract';
import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toWireHealth } from '../to-wire/health.ts';

type ServiceHandlers = Pick<Handlers, 'health' | 'metrics' | 'openApi'>;

/** The service about itself. */
export function serviceHandlers({ engine, metrics, version }: HttpContext): ServiceHandlers {
  const document = JSON.stringify(openApiDocument(version));
  return {
    async health({ caller, reply, signal }) {
      const view = await engine.queries.health({ signal });
      if (!view.live) reply.code(503);
      const isKnownCaller = caller !== undefined && caller.eggs === undefined;
      return toWireHealth(view, { version, isKnownCaller });
    },
    metrics() {
      metrics.storeReadOnly(engine.queries.isReadOnly());
      return metrics.render();
    },
    openApi: async () => document,
  };
}
