import type { ApiTokens, Caller } from '@polar-gosling/engine';
import { type CodedError, sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { FastifyRequest } from 'fastify';
import { httpErrors } from './http-errors.ts';
import { type RateLimiter, sourceOf } from './rate-limit.ts';

export const failureCost = 5;

/**
 * Who may call, and how often. Whoever proves who it is spends from its token's bucket, whatever its source did;
 * everybody else spends from the bucket of the source, failures five times. An empty one turns 401 and 403 into 429.
 */
export interface Access {
  /** The caller of an API token; fails with HTTP_UNAUTHORIZED or HTTP_TOO_MANY. */
  authenticate(request: FastifyRequest, options: CallOptions): Promise<Caller>;
  /** The same of a token that came by another way than the API's headers. */
  authenticateAs(request: FastifyRequest, token: string | undefined, options: CallOptions): Promise<Caller>;
  /** One request of a bearer whose token is checked later. */
  spendOfToken(request: FastifyRequest, token: string): void;
  /** One request of nobody in particular. */
  spendOfSource(request: FastifyRequest): void;
  /** The refusal to give for a failed proof: `error`, or 429 when there were too many from there. */
  refusal(request: FastifyRequest, error: CodedError): CodedError;
  /** Adds what a failed answer costs more than a good one, to whoever paid for the request. */
  chargeFailure(request: FastifyRequest): void;
}

export function createAccess(deps: {
  readonly tokens: Pick<ApiTokens, 'authenticate'>;
  readonly perSource: RateLimiter;
  readonly perToken: RateLimiter;
}): Access {
  /** Who paid for a request: a failed answer is charged to the same bucket. */
  const payers = new WeakMap<FastifyRequest, { limiter: RateLimiter; key: string }>();

  function spend(request: FastifyRequest, limiter: RateLimiter, key: string): void {
    const spent = limiter.spend(key, 1);
    if (spent.kind === 'empty') throw httpErrors.tooMany({ retryAfterS: spent.retryAfterS });
    payers.set(request, { limiter, key });
  }

  function refusal(request: FastifyRequest, error: CodedError): CodedError {
    const spent = deps.perSource.spend(sourceOf(request.ip), failureCost);
    return spent.kind === 'ok' ? error : httpErrors.tooMany({ retryAfterS: spent.retryAfterS });
  }

  return {
    authenticate(request, options) {
      return this.authenticateAs(request, apiTokenOf(request), options);
    },
    async authenticateAs(request, token, options) {
      const caller = token === undefined ? undefined : await deps.tokens.authenticate(token, options);
      if (caller === undefined) throw refusal(request, httpErrors.unauthorized({}));
      spend(request, deps.perToken, caller.tokenId);
      return caller;
    },
    spendOfToken: (request, token) => spend(request, deps.perToken, sha256Hex(token)),
    spendOfSource: (request) => spend(request, deps.perSource, sourceOf(request.ip)),
    refusal,
    chargeFailure(request) {
      const payer = payers.get(request);
      payer?.limiter.charge(payer.key, failureCost - 1);
    },
  };
}

const maxTokenLength = 1_024;

/** `X-Gosling-Token`, or a bearer. Two that differ prove nothing. */
export function apiTokenOf(request: FastifyRequest): string | undefined {
  const own = textOf(request.headers['x-gosling-token']);
  const bearer = bearerOf(request);
  if (own !== undefined && bearer !== undefined && own !== bearer) return undefined;
  return own ?? bearer;
}

export function bearerOf(request: FastifyRequest): string | undefined {
  const [, token] = /^Bearer +([^\s]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  return textOf(token);
}

function textOf(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > maxTokenLength) return undefined;
  return value;
}
