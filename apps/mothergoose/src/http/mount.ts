import {
  type AnswerOf,
  type InputOf,
  type Route,
  type RouteName,
  type Routes,
  routes,
} from '@polar-gosling/api-contract';
import type { Caller } from '@polar-gosling/engine';
import { Secret } from '@polar-gosling/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiTokenOf, bearerOf } from './access.ts';
import type { HttpContext } from './context.ts';
import { httpErrors } from './http-errors.ts';
import { isLocalReader, localReader } from './local-reader.ts';
import { signalOf } from './request-signal.ts';
import { hasTriggerToken } from './trigger-token.ts';

/** What a handler gets: validated input, who asks, and when to stop. */
export type CallOf<Name extends RouteName> = InputOf<Routes[Name]> & {
  /** Of `auth: 'api' | 'local'`; for `optional` only with a token. */
  readonly caller: CallerOf<Routes[Name]['auth']>;
  /** Of `auth: 'bootstrap' | 'agent'`. */
  readonly bearer: Secret;
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

type CallerOf<Auth> = Auth extends 'api' | 'local' ? Caller : Caller | undefined;

/** Routes that read their own body (`webhook-route.ts`). */
export type HandledRoute = Exclude<RouteName, 'receiveWebhook'>;

/** One handler for each route of the contract: a route without one does not compile. */
export type Handlers = {
  readonly [Name in HandledRoute]: (call: CallOf<Name>) => Promise<AnswerOf<Routes[Name]>>;
};

const triggerTimeoutMs = 55_000;

export function mountRoutes(app: FastifyInstance, context: HttpContext, handlers: Handlers): void {
  for (const [name, route] of Object.entries<Route>(routes)) {
    if (name !== 'receiveWebhook')
      mountRoute(app, context, { route, handler: handlers[name as HandledRoute] });
  }
}

interface Identity {
  readonly caller?: Caller | undefined;
  readonly bearer?: Secret;
  readonly signal: AbortSignal;
}

function mountRoute(
  app: FastifyInstance,
  context: HttpContext,
  { route, handler }: { route: Route; handler: (call: never) => Promise<unknown> },
): void {
  const identities = new WeakMap<FastifyRequest, Identity>();
  const timeoutMs = route.auth === 'trigger' ? triggerTimeoutMs : context.limits.answerTimeoutMs;
  app.route({
    method: route.method,
    url: fastifyPath(route.path),
    schema: {
      ...(route.params && { params: route.params }),
      ...(route.query && { querystring: route.query }),
      ...(route.body && { body: route.body }),
    },
    ...(route.maxBodyBytes && { bodyLimit: route.maxBodyBytes }),
    // Before the body is read.
    onRequest: async (request, reply) => {
      const signal = signalOf(reply, timeoutMs);
      identities.set(request, { ...(await identify(context, route, { request, signal })), signal });
    },
    // A request without a body is an empty one; `null` is a body, and a wrong one.
    preValidation: async (request) => {
      if (route.body !== undefined && request.body === undefined) request.body = {};
    },
    handler: async (request, reply) => {
      const { params, query, body } = request;
      // The schemas above are those of the contract, so the input has the handler's types.
      const call = { params, query, body, ...identities.get(request), request, reply };
      const answer = await handler(call as never);
      reply.code(reply.statusCode === 200 ? route.success.status : reply.statusCode);
      if (route.success.mediaType !== undefined) reply.type(route.success.mediaType);
      return reply.send(answer);
    },
  });
}

async function identify(
  context: HttpContext,
  route: Route,
  at: { readonly request: FastifyRequest; readonly signal: AbortSignal },
): Promise<Omit<Identity, 'signal'>> {
  const { request } = at;
  switch (route.auth) {
    case 'api':
      return { caller: await callerOf(context, route, at) };
    case 'local':
      if (isLocalReader(request, context.listen)) {
        context.access.spendOfSource(request);
        return { caller: localReader };
      }
      return { caller: await callerOf(context, route, at) };
    case 'optional':
      if (apiTokenOf(request) !== undefined) return { caller: await callerOf(context, route, at) };
      context.access.spendOfSource(request);
      return {};
    case 'trigger':
      if (await hasTriggerToken(context, at)) return {};
      throw context.access.refusal(request, httpErrors.unauthorized({}));
    case 'bootstrap':
    case 'agent':
      return { bearer: bearerOrRefuse(context, request) };
    case 'none':
    case 'webhook':
      context.access.spendOfSource(request);
      return {};
  }
}

function bearerOrRefuse(context: HttpContext, request: FastifyRequest): Secret {
  const token = bearerOf(request) ?? apiTokenOf(request);
  if (token === undefined) throw context.access.refusal(request, httpErrors.unauthorized({}));
  context.access.spendOfToken(request, token);
  return new Secret(token);
}

const rank = { read: 0, write: 1, admin: 2 };

async function callerOf(
  { access }: HttpContext,
  route: Route,
  { request, signal }: { readonly request: FastifyRequest; readonly signal: AbortSignal },
): Promise<Caller> {
  const caller = await access.authenticate(request, { signal });
  const role = route.role ?? 'read';
  if (rank[caller.role] < rank[role]) throw httpErrors.forbidden({ need: `the role ${role}` });
  if (route.wholeInstallation && caller.eggs !== undefined) {
    throw httpErrors.forbidden({ need: 'to be a token that is not limited to Eggs' });
  }
  return caller;
}

/** `/runners/{id}` → `/runners/:id`. */
export function fastifyPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
