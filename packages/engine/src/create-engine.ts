import { compileRule } from '@polar-gosling/nest';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import { bootstrap } from './agents/bootstrap.ts';
import { heartbeat } from './agents/heartbeat.ts';
import type { Engine, EngineDeps } from './api/engine.ts';
import { tick } from './background/tick.ts';
import { work } from './background/work.ts';
import { createCommands } from './commands/commands.ts';
import type { InternalDeps } from './deps.ts';
import { createQueries } from './queries/queries.ts';
import { createApiTokens } from './tokens/api-tokens.ts';
import { checkToken, ingest, sweepProjectsOf } from './webhooks/ingest.ts';

/** Binds the use cases to their adapters. Has no effect by itself: `background.work` and `tick` are what runs. */
export function createEngine(given: EngineDeps): Engine {
  const deps: InternalDeps = { ...given, watch: new Map(), compileRule };
  const wake = async (kind: 'sync' | 'prune', key: string, options: CallOptions) => {
    await deps.store.commit([outboxWrite({ kind, key, trace: deps.ids.next() }, deps)], options);
    deps.queue.wake();
  };
  return {
    webhooks: {
      checkToken: (token, options) => checkToken(deps, token, options),
      ingest: (request, options) => ingest(deps, request, options),
      sweepProjectsOf: (tokenSha256, options) => sweepProjectsOf(deps, tokenSha256, options),
    },
    agents: {
      bootstrap: (request, options) => bootstrap(deps, request, options),
      heartbeat: (request, options) => heartbeat(deps, request, options),
    },
    queries: createQueries(deps),
    commands: createCommands(deps),
    tokens: createApiTokens(deps),
    background: {
      work: (options) => work(deps, options),
      tick: (options) => tick(deps, options),
      wakeSync: (options) => wake('sync', 'nest', options),
      wakePrune: (options) => wake('prune', 'all', options),
      collect: async (options) => deps.metrics.queueDepth(await deps.queue.stats(options)),
    },
  };
}
