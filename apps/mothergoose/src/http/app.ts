import { type Route, routes } from '@polar-gosling/api-contract';
import type { Engine } from '@polar-gosling/engine';
import type { Clock, IdSource, Logger, Masker } from '@polar-gosling/kernel';
import type { QueueOperations } from '@polar-gosling/ports/queue';
import fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/prometheus.ts';
import { createAccess } from './access.ts';
import type { HttpContext } from './context.ts';
import { httpErrors } from './http-errors.ts';
import { answerClientError, createHttpServer, type TlsMaterial } from './http-server.ts';
import { defaultLimits, type HttpLimits } from './limits.ts';
import { hasMuchUnread, lingerOnClose } from './linger.ts';
import { refuseOtherMethods } from './method-gate.ts';
import { fastifyPath, type Handlers, mountRoutes } from './mount.ts';
import { createPageSessions, type PageSessions } from './page-sessions.ts';
import { codedOf, maskProblem, sendProblem } from './problem.ts';
import { createRateLimiter } from './rate-limit.ts';
import { continueIfAsked, isEncoded } from './read-body.ts';
import { agentHandlers } from './routes/agents.ts';
import { cacheHandlers } from './routes/caches.ts';
import { eggHandlers } from './routes/eggs.ts';
import { jobHandlers } from './routes/jobs.ts';
import { operationHandlers } from './routes/operations.ts';
import { pageLinkHandlers } from './routes/page-links.ts';
import { previewHandlers } from './routes/previews.ts';
import { runnerHandlers } from './routes/runners.ts';
import { runHandlers } from './routes/runs.ts';
import { serviceHandlers } from './routes/service.ts';
import { taskHandlers } from './routes/tasks.ts';
import { tokenHandlers } from './routes/tokens.ts';
import { toolHandlers } from './routes/tools.ts';
import { triggerHandlers } from './routes/triggers.ts';
import { mountStatusPage, statusPagePaths } from './status-page.ts';
import { compileValidator } from './validate.ts';
import { mountWebhook } from './webhook-route.ts';
import { wireErrors } from './wire-errors.ts';

export interface AppDeps {
  readonly engine: Engine;
  readonly tasks: QueueOperations;
  readonly config: { readonly listen: { readonly isLoopback: boolean } };
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly masker: Pick<Masker, 'mask'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly version: string;
  readonly tls?: TlsMaterial;
  /** Absent: its own. */
  readonly sessions?: PageSessions;
  readonly limits?: Partial<HttpLimits>;
}

/** The HTTP API as a Fastify application that does not listen yet. */
export function createApp(deps: AppDeps): FastifyInstance {
  const limits = { ...defaultLimits, ...deps.limits };
  const app = fastify({
    logger: false,
    serverFactory: (handler) => createHttpServer(handler, { limits, ids: deps.ids, tls: deps.tls }),
    clientErrorHandler: (error, socket) => answerClientError(error, socket, deps.ids),
    frameworkErrors: (error, _request, reply) => {
      addCommonHeaders(deps, reply);
      sendProblem(reply, codedOf(error) ?? httpErrors.notFound({ what: 'path' }));
    },
    genReqId: () => deps.ids.next(),
    bodyLimit: limits.bodyBytes,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512 },
  });
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(compileValidator);
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  const context = contextOf(deps, limits, closing.signal);
  addHooks(app, deps, context);
  mountRoutes(app, context, handlersOf(context));
  mountWebhook(app, context);
  mountStatusPage(app, context);
  refuseOtherMethods(app, takenMethods());
  return app;
}

function contextOf(deps: AppDeps, limits: HttpLimits, closing: AbortSignal): HttpContext {
  return {
    engine: deps.engine,
    tasks: deps.tasks,
    access: createAccess({
      tokens: deps.engine.tokens,
      perSource: createRateLimiter(limits.perSource, deps.clock),
      perToken: createRateLimiter(limits.perToken, deps.clock),
    }),
    metrics: deps.metrics,
    sessions: deps.sessions ?? createPageSessions(deps),
    clock: deps.clock,
    log: deps.log,
    limits,
    listen: deps.config.listen,
    version: deps.version,
    closing,
  };
}

function handlersOf(context: HttpContext): Handlers {
  return {
    ...triggerHandlers(context),
    ...runnerHandlers(context),
    ...runHandlers(context),
    ...agentHandlers(context),
    ...eggHandlers(context),
    ...tokenHandlers(context),
    ...jobHandlers(context),
    ...operationHandlers(context),
    ...taskHandlers(context),
    ...toolHandlers(context),
    ...cacheHandlers(context),
    ...previewHandlers(context),
    ...serviceHandlers(context),
    ...pageLinkHandlers(context),
  };
}

function takenMethods(): ReadonlyMap<string, readonly string[]> {
  const taken = new Map<string, string[]>(statusPagePaths.map((path) => [path, ['GET']]));
  for (const route of Object.values<Route>(routes)) {
    const url = fastifyPath(route.path);
    taken.set(url, [...(taken.get(url) ?? []), route.method]);
  }
  return taken;
}

function addCommonHeaders(
  deps: Pick<AppDeps, 'tls'>,
  reply: { readonly request: { readonly id: string }; header(name: string, value: string): unknown },
): void {
  reply.header('x-request-id', reply.request.id);
  reply.header('cache-control', 'no-store');
  reply.header('x-content-type-options', 'nosniff');
  reply.header('referrer-policy', 'no-referrer');
  reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  if (deps.tls !== undefined) reply.header('strict-transport-security', 'max-age=31536000');
}

function addHooks(app: FastifyInstance, deps: AppDeps, { access, metrics, limits }: HttpContext): void {
  app.addHook('onRequest', async (request, reply) => {
    addCommonHeaders(deps, reply);
    if (request.headers.host === undefined) throw wireErrors.malformed({});
    if (!request.is404) return;
    access.spendOfSource(request);
    throw httpErrors.notFound({ what: 'path' });
  });
  app.addHook('preParsing', async (request, reply) => {
    if (isEncoded(request.raw)) throw httpErrors.unsupportedType({});
    if (Number(request.headers['content-length'] ?? 0) <= limits.bodyBytes) {
      continueIfAsked(request.raw, reply.raw);
    }
  });
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    // A kept connection would hold up the stop although nothing is under way on it any more.
    if (isClosing) reply.header('connection', 'close');
    if (hasMuchUnread(request.raw)) {
      reply.header('connection', 'close');
      lingerOnClose(request.raw);
    }
    return maskProblem(deps.masker, reply, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode: status } = reply;
    if (status >= 400 && status < 500 && status !== 429) access.chargeFailure(request);
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const seconds = reply.elapsedTime / 1_000;
    metrics.request({ method: request.method, route, status }, seconds);
    deps.log.debug('request', {
      traceId: request.id,
      method: request.method,
      route,
      status,
      durationMs: Math.round(reply.elapsedTime),
    });
    done();
  });
  app.setNotFoundHandler(async () => undefined);
  app.setErrorHandler(async (error, request, reply) => {
    const coded = codedOf(error);
    if (coded === undefined || coded.http >= 500) {
      const fields = { traceId: request.id, method: request.method, route: request.routeOptions.url, error };
      deps.log.error('a request failed', { ...fields, code: coded?.code });
    }
    return sendProblem(reply, error);
  });
}
