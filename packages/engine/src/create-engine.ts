import { compileRule } from '@polar-gosling/nest';
import { type MessageKind, outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import { bootstrap } from './agents/bootstrap.ts';
import { downloadGosling } from './agents/download-gosling.ts';
import { heartbeat } from './agents/heartbeat.ts';
import type { Engine, EngineDeps } from './api/engine.ts';
import { tick } from './background/tick.ts';
import { work } from './background/work.ts';
import { createCommands } from './commands/commands.ts';
import { sees } from './commands/sees.ts';
import type { InternalDeps } from './deps.ts';
import { createEventHub } from './events/event-hub.ts';
import { deploySet } from './long-lived/deploy-set.ts';
import { preview } from './preview/preview.ts';
import { createQueries } from './queries/queries.ts';
import { createApiTokens } from './tokens/api-tokens.ts';
import { createTools } from './tools/create-tools.ts';
import { nothingFollowed } from './tools/follow-active.ts';
import { nestBinding } from './webhooks/handle.ts';
import { checkToken, ingest, sweepProjectsOf } from './webhooks/ingest.ts';
import { createLatelyRead } from './webhooks/lately.ts';

type Wake = { readonly kind: MessageKind; readonly key: string };

/** Binds the use cases to their adapters. Has no effect by itself: `background.work` and `tick` are what runs. */
export function createEngine(given: EngineDeps): Engine {
  const deps: InternalDeps = {
    ...given,
    watch: new Map(),
    bound: {},
    lately: createLatelyRead(given.clock),
    followed: nothingFollowed(),
    events: createEventHub(),
    compileRule,
  };
  const wake = async (messages: readonly Wake[], options: CallOptions) => {
    const trace = deps.ids.next();
    const unit = messages.map((message) => outboxWrite({ ...message, trace }, deps));
    await deps.store.commit(unit, options);
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
      gosling: (request, options) => downloadGosling(deps, request, options),
      heartbeat: (request, options) => heartbeat(deps, request, options),
    },
    queries: createQueries(deps),
    commands: createCommands(deps),
    tokens: createApiTokens(deps),
    tools: createTools(deps),
    sets: { deploy: (deployment, options) => deploySet(deps, deployment, options) },
    events: {
      watch: (caller, { egg }, options) =>
        deps.events.watch(
          (event) => sees(caller, event.egg) && (egg === undefined || egg === event.egg),
          deps,
          options,
        ),
    },
    previews: { preview: (request, options) => preview(deps, request, options) },
    background: {
      work: (options) => work(deps, options),
      tick: (options) => tick(deps, options),
      wakeSync: (options) =>
        wake(
          [
            { kind: 'sync', key: 'nest' },
            { kind: 'bind', key: nestBinding },
          ],
          options,
        ),
      wakePrune: (options) => wake([{ kind: 'prune', key: 'all' }], options),
      collect: async (options) => deps.metrics.queueDepth(await deps.queue.stats(options)),
    },
  };
}
