import { deadline, isCoded, linkAbort, revealOf, type Secret } from '@polar-gosling/kernel';
import { apiErrors } from './api-errors.ts';
import { readBaseUrl } from './base-url.ts';
import type { FetchAnswer, FetchLike } from './fetch.ts';
import { Problem } from './problem.ts';
import type { AnswerOf, RequestOf, RequestParts, Route } from './route.ts';
import { type RouteName, type Routes, routes } from './routes.ts';
import { RunEvent } from './runs.ts';
import { readServerEvents, type ServerEvent } from './server-events.ts';

export interface ApiClientDeps {
  /** `https://host[:port][/prefix]`; plain HTTP only to loopback. */
  readonly baseUrl: string;
  /** Asked before each call, so that a rotated token is used at once. */
  readonly token?: (() => Secret | string | undefined) | Secret | string | undefined;
  readonly fetch: FetchLike;
  /** `gosling/1.2.3`. */
  readonly userAgent?: string;
  /** Per call; default 30 s. */
  readonly timeoutMs?: number;
}

export interface ApiCallOptions {
  readonly signal: AbortSignal;
}

/** The HTTP API but for downloads, typed. One try per call: repeating is the caller's, by the error's `retry`. */
export interface ApiClient {
  /**
   * Calls one operation. Fails with API_UNREACHABLE, API_TIMED_OUT, API_UNAUTHORIZED (401, 403), API_BUSY (429, 502–504),
   * API_PROBLEM (other refusals; `params.status`, `params.code`) or API_BAD_ANSWER; with the signal's reason when aborted.
   */
  call<Name extends Exclude<RouteName, 'downloadGosling' | 'watchEvents'>>(
    name: Name,
    request: RequestOf<Routes[Name]>,
    options: ApiCallOptions,
  ): Promise<AnswerOf<Routes[Name]>>;
  /**
   * What happens in runs, as it happens; `undefined` where the server only says that it is there, at its first word at
   * once. Ends when the server ends it, or when its reader leaves. Fails as `call` does; with API_TIMED_OUT where that
   * first word does not come within 5 s: something on the way keeps answers back until they are long.
   */
  watch(
    request: RequestOf<Routes['watchEvents']>,
    options: ApiCallOptions,
  ): AsyncGenerator<RunEvent | undefined>;
}

const defaultTimeoutMs = 30_000;
const firstWordMs = 5_000;
const maxAnswerBytes = 64 * 1024 * 1024;

/** Fails at once with API_BAD_URL or API_INSECURE_URL. */
export function createApiClient(deps: ApiClientDeps): ApiClient {
  const baseUrl = readBaseUrl(deps.baseUrl);
  return {
    async call(name, request, { signal }) {
      const route: Route = routes[name];
      const url = baseUrl + pathOf(route, request);
      const answer = await send(deps, { route, url, request }, signal);
      return readAnswer<AnswerOf<Routes[typeof name]>>(route, url, answer);
    },
    watch: (request, { signal }) => {
      const url = baseUrl + pathOf(routes.watchEvents, request);
      return watchEvents(deps, { url, headers: headersOf(deps, {}) }, signal);
    },
  };
}

async function* watchEvents(
  deps: ApiClientDeps,
  { url, headers }: { url: string; headers: Record<string, string> },
  signal: AbortSignal,
): AsyncGenerator<RunEvent | undefined> {
  const watching = linkAbort(signal);
  const timeoutMs = Math.min(deps.timeoutMs ?? defaultTimeoutMs, firstWordMs);
  const late = setTimeout(() => watching.abort(), timeoutMs);
  try {
    const answer = await deps.fetch(url, {
      method: routes.watchEvents.method,
      headers: { ...headers, accept: 'text/event-stream, application/problem+json' },
      signal: watching.signal,
      redirect: 'error',
    });
    const { status } = answer;
    if (status !== 200) throw refusalOf(url, { status, headers: answer.headers, text: await answer.text() });
    if (!answer.headers.get('content-type')?.startsWith('text/event-stream') || answer.body === null) {
      throw apiErrors.badAnswer({ url, status, reason: 'no stream of events' });
    }
    for await (const event of readServerEvents(answer.body, { url, status })) {
      clearTimeout(late);
      yield readRunEvent(url, event);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (watching.signal.aborted) throw apiErrors.timedOut({ url, timeoutMs }, { cause: error });
    if (isCoded(error)) throw error;
    throw apiErrors.unreachable({ url, reason: reasonOf(error) }, { cause: error });
  } finally {
    clearTimeout(late);
    watching.abort();
  }
}

/** Events of other names are for later releases of this client. */
function readRunEvent(url: string, event: ServerEvent | undefined): RunEvent | undefined {
  if (event?.name !== 'run') return undefined;
  const answer = { status: 200, text: event.data };
  const parsed = RunEvent.safeParse(parseJson(url, answer));
  if (parsed.success) return parsed.data;
  throw apiErrors.badAnswer({ url, status: 200, reason: 'an event that is none of a run' });
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: FetchAnswer['headers'];
}

async function send(
  deps: ApiClientDeps,
  { route, url, request }: { route: Route; url: string; request: RequestParts },
  signal: AbortSignal,
): Promise<Answer> {
  const timeoutMs = deps.timeoutMs ?? defaultTimeoutMs;
  const limited = deadline(signal, timeoutMs);
  try {
    const answer = await deps.fetch(url, {
      method: route.method,
      headers: headersOf(deps, request),
      signal: limited,
      redirect: 'error',
      ...(request.body === undefined ? undefined : { body: JSON.stringify(request.body) }),
    });
    if (Number(answer.headers.get('content-length') ?? 0) > maxAnswerBytes) {
      throw apiErrors.badAnswer({ url, status: answer.status, reason: 'the answer is too long' });
    }
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } catch (error) {
    signal.throwIfAborted();
    if (limited.aborted) throw apiErrors.timedOut({ url, timeoutMs }, { cause: error });
    if (isCoded(error)) throw error;
    throw apiErrors.unreachable({ url, reason: reasonOf(error) }, { cause: error });
  }
}

function headersOf(deps: ApiClientDeps, request: RequestParts): Record<string, string> {
  const given = typeof deps.token === 'function' ? deps.token() : deps.token;
  const token = given === undefined ? undefined : revealOf(given);
  return {
    accept: 'application/json, application/problem+json, text/plain',
    ...(deps.userAgent === undefined ? undefined : { 'user-agent': deps.userAgent }),
    ...(request.body === undefined ? undefined : { 'content-type': 'application/json' }),
    // The second one for gateways that keep `Authorization` to themselves.
    ...(token === undefined ? undefined : { authorization: `Bearer ${token}`, 'x-gosling-token': token }),
  };
}

function pathOf(route: Route, request: RequestParts): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(String(request.params?.[name] ?? '')),
  );
  const query = Object.entries(request.query ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

function readAnswer<Result>(route: Route, url: string, answer: Answer): Result {
  if (answer.status !== route.success.status) throw refusalOf(url, answer);
  const { schema, mediaType } = route.success;
  if (schema === undefined) return (mediaType === undefined ? undefined : answer.text) as Result;
  const parsed = schema.safeParse(parseJson(url, answer));
  if (parsed.success) return parsed.data as Result;
  const first = parsed.error.issues[0];
  throw apiErrors.badAnswer({
    url,
    status: answer.status,
    reason: `${first?.path.join('.') ?? ''}: ${first?.message ?? ''}`,
  });
}

function refusalOf(url: string, answer: Answer): Error {
  const problem = Problem.safeParse(parseJson(url, answer));
  if (!problem.success) {
    return apiErrors.badAnswer({ url, status: answer.status, reason: 'no problem document' });
  }
  const { code, detail, errors } = problem.data;
  const requestId = answer.headers.get('x-request-id') ?? undefined;
  const refusal = { status: answer.status, code, detail, requestId };
  if (answer.status === 401 || answer.status === 403) return apiErrors.unauthorized(refusal);
  if (answer.status === 429 || (answer.status >= 502 && answer.status <= 504)) {
    const seconds = Number(answer.headers.get('retry-after'));
    return apiErrors.busy({ ...refusal, retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined });
  }
  return apiErrors.problem({ ...refusal, errors });
}

function parseJson(url: string, answer: Pick<Answer, 'status' | 'text'>): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    throw apiErrors.badAnswer({ url, status: answer.status, reason: 'no JSON' }, { cause: error });
  }
}

/** `fetch` hides the reason in its cause: `ECONNREFUSED`, a certificate's code, … */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
