import {
  type Clock,
  type CodedError,
  deadline,
  type IdSource,
  isCoded,
  type Logger,
  sha256Hex,
  withRetries,
} from '@polar-gosling/kernel';
import { type CallOptions, type GitlabTarget, gitlabErrors } from '@polar-gosling/ports/gitlab';
import { request as send } from 'undici';
import type { Agents } from './agents.ts';
import { type Answer, readAnswer } from './answer.ts';
import type { Budget, Urgency } from './budget.ts';
import type { HttpLimits } from './limits.ts';
import { readRateLimit } from './rate-limit.ts';
import { parseTargetUrl, type TargetUrl } from './target-url.ts';

export type QueryValue = string | number | boolean | readonly string[];

/** One call of GitLab's REST API, in the words of its OpenAPI description. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below `/api/v4` with `{name}` for each value of `path`. */
  readonly route: string;
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** What is asked for, for errors: `list the jobs of project 7`. */
  readonly what: string;
  readonly urgency: Urgency;
}

/** The one way out to GitLab: authentication, limits, retries and errors are here and nowhere else. */
export interface GitlabHttp {
  call(target: GitlabTarget, request: ApiRequest, options: CallOptions): Promise<Answer>;
}

export interface HttpDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly agents: Agents;
  readonly budget: Budget;
  readonly limits: HttpLimits;
  readonly allowPrivate: boolean;
  readonly userAgent: string;
}

interface Call {
  readonly target: GitlabTarget;
  readonly url: TargetUrl;
  readonly request: ApiRequest;
  readonly signal: AbortSignal;
}

export function createHttp(deps: HttpDeps): GitlabHttp {
  return {
    async call(target, request, { signal }) {
      const url = parseTargetUrl(target.url, deps);
      const outcome = await withRetries(
        (attempt) => tryOnce(deps, { target, url, request, signal }, attempt),
        {
          plan: deps.limits.retry,
          clock: deps.clock,
          ids: deps.ids,
          signal,
        },
      );
      if ('failure' in outcome) throw outcome.failure;
      return outcome;
    },
  };
}

/** Throws only what may be tried again here; other failures are handed back to end the loop. */
async function tryOnce(
  deps: HttpDeps,
  call: Call,
  attempt: number,
): Promise<Answer | { readonly failure: unknown }> {
  const { method, route } = call.request;
  const fields = { server: call.url.server, method, route, attempt };
  try {
    return await exchange(deps, call);
  } catch (error) {
    if (!isCoded(error)) return { failure: error };
    deps.logger.debug('a call to GitLab failed', { ...fields, code: error.code, reason: error.message });
    if (mayRepeat(error, call.request, deps.limits.patienceMs)) throw error;
    return { failure: error };
  }
}

/** Only reads: a lost answer to anything else may hide that it was done. */
function mayRepeat(error: CodedError, request: ApiRequest, patienceMs: number): boolean {
  return request.method === 'GET' && Number(error.params['retryAfterMs'] ?? 0) <= patienceMs;
}

async function exchange(deps: HttpDeps, call: Call): Promise<Answer> {
  const { target, url, request, signal } = call;
  const at = { server: url.server, key: sha256Hex(`${url.origin} ${target.token.reveal()}`) };
  await deps.budget.take(at, request.urgency, signal);
  const ends = deadline(signal, deps.limits.timeoutMs);
  try {
    const reply = await send(`${url.origin}${url.path}/api/v4${pathOf(request)}`, {
      method: request.method,
      dispatcher: deps.agents.of(url.origin, target.caPem),
      signal: ends,
      headers: headersOf(deps, call),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    deps.budget.observe(at, readRateLimit(reply.headers, deps.clock.now()));
    return await readAnswer(reply, { server: url.server, what: request.what, ...readLimits(deps) });
  } catch (error) {
    signal.throwIfAborted();
    throw toCoded(error, { url, isTimedOut: ends.aborted, timeoutMs: deps.limits.timeoutMs });
  }
}

function readLimits(deps: HttpDeps) {
  return { maxBytes: deps.limits.maxBodyBytes, nowMs: deps.clock.now() };
}

function headersOf(deps: HttpDeps, { target, request }: Call): Record<string, string> {
  return {
    accept: 'application/json',
    'private-token': target.token.reveal(),
    'user-agent': deps.userAgent,
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

function pathOf(request: ApiRequest): string {
  const path = request.route.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(String(request.path?.[name] ?? '')),
  );
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (typeof value === 'object') for (const item of value) query.append(`${key}[]`, item);
    else query.append(key, String(value));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

function toCoded(error: unknown, at: { url: TargetUrl; isTimedOut: boolean; timeoutMs: number }): CodedError {
  const coded = codedCauseOf(error);
  if (coded) return coded;
  const reason = at.isTimedOut ? `no whole answer within ${at.timeoutMs / 1000} s` : reasonOf(error);
  return gitlabErrors.unreachable({ server: at.url.server, reason }, { cause: error });
}

/** Our own refusal (an address that may not be called) reaches us through the socket. */
function codedCauseOf(error: unknown): CodedError | undefined {
  if (isCoded(error)) return error;
  return error instanceof Error && error.cause !== undefined ? codedCauseOf(error.cause) : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed';
  const code = 'code' in error ? String(error.code) : error.name;
  return error.message === '' ? code : `${code} ${error.message}`.slice(0, 300);
}
