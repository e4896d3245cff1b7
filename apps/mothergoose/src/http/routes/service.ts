import { openApiDocument } from '@polar-gosling/api-contract';
import { createDepthReader } from '../../metrics/depth-reader.ts';
import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toWireHealth } from '../to-wire/health.ts';

type ServiceHandlers = Pick<Handlers, 'health' | 'metrics' | 'openApi'>;

/** The service about itself. */
export function serviceHandlers(context: HttpContext): ServiceHandlers {
  const { engine, metrics, version } = context;
  const document = JSON.stringify(openApiDocument(version));
  const readDepth = createDepthReader(context);
  return {
    async health({ caller, reply, signal }) {
      const view = await engine.queries.health({ signal });
      if (!view.live) reply.code(503);
      const isKnownCaller = caller !== undefined && caller.eggs === undefined;
      return toWireHealth(view, { version, isKnownCaller });
    },
    async metrics() {
      metrics.storeReadOnly(engine.queries.isReadOnly());
      metrics.queueDepth(await readDepth());
      return metrics.render();
    },
    openApi: async () => document,
  };
}
