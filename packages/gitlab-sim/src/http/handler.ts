import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isCoded } from '@polar-gosling/kernel';
import { apiErrors } from '../errors.ts';
import type { ApiFault } from '../faults.ts';
import type { SimContext } from '../sim-context.ts';
import type { Violation } from '../state/world.ts';
import { authenticate, isCaller } from './authenticate.ts';
import { noFields } from './fields.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
import { bodyFields, readBody } from './read-body.ts';
import { type FieldProblem, rawFromSearch, readFields } from './read-fields.ts';
import type { Call, Reply, Route } from './route.ts';
import { createRouter, type RouteMatch } from './router.ts';

interface Dispatch {
  readonly context: SimContext;
  readonly findRoute: (method: string, path: string) => RouteMatch | undefined;
  readonly limitRate: RateLimiter;
}

interface Arrival {
  readonly method: string;
  readonly url: URL;
  /** As GitLab's documentation writes it: without `/api/v4`. */
  readonly path: string;
  readonly request: IncomingMessage;
  readonly rawBody: Buffer;
  readonly signal: AbortSignal;
}

/** Turns routes into a request listener: faults, authentication, rate limit, field check, then the route. */
export function createHandler(context: SimContext, routes: readonly Route[]): RequestListener {
  const dispatch = { context, findRoute: createRouter(routes), limitRate: createRateLimiter(context.clock) };
  return (request, response) => {
    void serve(dispatch, request, response);
  };
}

async function serve(dispatch: Dispatch, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { context } = dispatch;
  const hangUp = new AbortController();
  response.on('close', () => hangUp.abort());
  try {
    const url = new URL(request.url ?? '/', context.baseUrl());
    const path = url.pathname.replace(/^\/api\/v4(?=\/)/, '');
    const arrival: Arrival = {
      method: request.method ?? 'GET',
      url,
      path,
      request,
      rawBody: await readBody(request),
      signal: AbortSignal.any([hangUp.signal, context.signal]),
    };
    const fault = context.faults.takeApiFault(arrival.method, path);
    const reply =
      fault === undefined ? await answer(dispatch, arrival) : await fail(dispatch, arrival, fault);
    if (reply === undefined) response.destroy();
    else write(response, reply);
  } catch (error) {
    // The client hung up, or the simulator is closing: there is nobody to answer.
    if (!response.destroyed) write(response, errorReply(error));
  }
}

async function fail(dispatch: Dispatch, arrival: Arrival, fault: ApiFault): Promise<Reply | undefined> {
  if (fault.delayMs !== undefined) await dispatch.context.clock.sleep(fault.delayMs, arrival.signal);
  const isAnswered = fault.status === undefined && !fault.isCutOff;
  const real = isAnswered || fault.isCarriedOut ? await answer(dispatch, arrival) : undefined;
  if (fault.isCutOff) return undefined;
  if (fault.status === undefined) return real;
  return {
    status: fault.status,
    headers: fault.headers ?? {},
    body: { message: `${fault.status} by a fault of the simulator` },
  };
}

async function answer(dispatch: Dispatch, arrival: Arrival): Promise<Reply> {
  try {
    return await answerOrThrow(dispatch, arrival);
  } catch (error) {
    return errorReply(error);
  }
}

async function answerOrThrow(dispatch: Dispatch, arrival: Arrival): Promise<Reply> {
  const { context } = dispatch;
  const match = dispatch.findRoute(arrival.method, arrival.url.pathname);
  if (match === undefined) {
    record(context, arrival, [{ kind: 'unknown_route', detail: 'no such route' }]);
    return { status: 404, body: { error: '404 Not Found' } };
  }
  const { route, params } = match;
  const caller = route.auth === 'user' ? authenticate(context, arrival.request.headers, route) : undefined;
  if (caller !== undefined && !isCaller(caller)) return caller;
  const rate = caller && countRequest(dispatch, caller.token.value);
  if (rate?.refusal !== undefined) return rate.refusal;

  const checked = checkFields(route, arrival);
  if (checked.problems.length > 0) {
    record(context, arrival, checked.problems);
    const text = checked.problems.map(({ detail }) => detail).join(', ');
    return { status: 400, body: { error: text }, headers: rate?.headers ?? {} };
  }
  const call: Call = {
    method: arrival.method,
    url: arrival.url,
    headers: arrival.request.headers,
    params,
    query: checked.query,
    body: checked.body,
    rawBody: arrival.rawBody,
    remoteAddress: arrival.request.socket.remoteAddress,
    signal: arrival.signal,
  };
  const reply = await run(route, call, caller);
  return { ...reply, headers: { ...rate?.headers, ...reply.headers } };
}

function run(
  route: Route,
  call: Call,
  caller: ReturnType<typeof authenticate> | undefined,
): Reply | Promise<Reply> {
  if (route.auth === 'open') return route.handle(call);
  if (caller === undefined || !isCaller(caller)) throw apiErrors.unauthorized({});
  return route.handle({ ...call, caller });
}

function countRequest(
  dispatch: Dispatch,
  key: string,
): { headers: Readonly<Record<string, string>>; refusal?: Reply } | undefined {
  const limit = dispatch.context.faults.rateLimit();
  if (limit === undefined) return undefined;
  const answered = dispatch.limitRate(key, limit.perMinute, 'throttle_authenticated_api');
  const headers = limit.withoutHeaders ? {} : answered.headers;
  return answered.isAllowed
    ? { headers }
    : { headers, refusal: { status: 429, headers, text: 'Retry later\n' } };
}

function checkFields(route: Route, arrival: Arrival) {
  const query = readFields(route.query ?? {}, rawFromSearch(arrival.url.searchParams), 'text');
  if (route.hasRawBody) return { query: query.values, body: noFields, problems: query.problems };
  const { raw, origin } = bodyFields(arrival.request.headers['content-type'], arrival.rawBody);
  const body = readFields(route.body ?? {}, raw, origin);
  return { query: query.values, body: body.values, problems: [...query.problems, ...body.problems] };
}

function record(context: SimContext, arrival: Arrival, problems: readonly FieldProblem[]): void {
  for (const { kind, detail } of problems) {
    const violation: Violation = { kind, method: arrival.method, path: arrival.path, detail };
    context.world.violations.push(violation);
  }
}

function errorReply(error: unknown): Reply {
  if (isCoded(error)) return { status: error.http, body: { message: error.message } };
  return { status: 500, body: { message: `500 Internal Server Error: ${String(error)}` } };
}

function write(response: ServerResponse, reply: Reply): void {
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.text !== undefined) {
    response.setHeader('Content-Type', 'text/plain');
    response.writeHead(reply.status).end(reply.text);
    return;
  }
  if (reply.body === undefined) {
    response.writeHead(reply.status).end();
    return;
  }
  response.setHeader('Content-Type', 'application/json');
  response.writeHead(reply.status).end(JSON.stringify(reply.body));
}
