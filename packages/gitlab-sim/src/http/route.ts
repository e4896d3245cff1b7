import type { IncomingHttpHeaders } from 'node:http';
import type { Caller, TokenScope } from '../state/accounts.ts';
import type { Fields, FieldValues } from './fields.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One checked request. */
export interface Call {
  readonly method: string;
  /** Whole URL as the client sent it. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Decoded `:name` parts of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: FieldValues;
  readonly body: FieldValues;
  readonly rawBody: Buffer;
  readonly remoteAddress: string | undefined;
  /** Aborted when the client hangs up or the simulator closes. */
  readonly signal: AbortSignal;
}

export interface UserCall extends Call {
  readonly caller: Caller;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as text/plain; wins over `body`. */
  readonly text?: string | Buffer;
}

interface RouteShape {
  readonly method: Method;
  /** `/projects/:id/hooks`, without `/api/v4`. */
  readonly path: string;
  readonly query?: Fields;
  readonly body?: Fields;
  /** The body is kept as bytes and not read as fields. */
  readonly hasRawBody?: boolean;
}

/** A route for people and their tools: needs an access token with one of the scopes. */
export interface UserRoute extends RouteShape {
  readonly auth: 'user';
  /** Besides `api`; empty = `api` only, `any` = every valid token. */
  readonly scopes: readonly TokenScope[] | 'any';
  handle(call: UserCall): Reply | Promise<Reply>;
}

/** A route that checks its own credentials (runner and job tokens). */
export interface OpenRoute extends RouteShape {
  readonly auth: 'open';
  handle(call: Call): Reply | Promise<Reply>;
}

export type Route = UserRoute | OpenRoute;

export function ok(body: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return { status: 200, body, ...(headers && { headers }) };
}

export function created(body: unknown): Reply {
  return { status: 201, body };
}

export const noContent: Reply = { status: 204 };
