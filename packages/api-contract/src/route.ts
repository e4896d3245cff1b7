import type { z } from 'zod';
import { Accepted, type Role } from './wire.ts';

/**
 * Who may call:
 * `none` anybody · `api` an API token · `local` an API token, or nobody in particular on a loopback listener ·
 * `optional` anybody, who gets more with an API token · `trigger` the timer's secret · `webhook` a hook's token ·
 * `bootstrap` a one-time token · `agent` a runner's token.
 */
export type RouteAuth = 'none' | 'api' | 'local' | 'optional' | 'trigger' | 'webhook' | 'bootstrap' | 'agent';

export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One route as data: the server, the OpenAPI document and the client are made of it. */
export interface Route {
  readonly method: RouteMethod;
  /** Parameters as `{id}`. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly auth: RouteAuth;
  /** The least role (`auth: 'api'`); default `read`. */
  readonly role?: Role;
  /** Not for tokens that are limited to Eggs: it shows or changes the whole installation. */
  readonly wholeInstallation?: true;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Where it may be bigger than others'. */
  readonly maxBodyBytes?: number;
  readonly success: Success;
  /** Statuses beside success that are its own; 400, 401, 403, 429, 500 and 503 are added by what it takes. */
  readonly errors?: readonly number[];
}

export interface Success {
  readonly status: 200 | 201 | 202 | 204;
  /** JSON; absent with `mediaType`: text of that type (or bytes: `application/octet-stream`); without: no body. */
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
}

export interface RequestParts {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** What a caller gives. */
export type RequestOf<R extends Route> = RequestParts &
  (R extends { params: infer P extends z.ZodType } ? { readonly params: z.input<P> } : unknown) &
  (R extends { query: infer Q extends z.ZodType } ? { readonly query?: z.input<Q> } : unknown) &
  (R extends { body: infer B extends z.ZodType } ? { readonly body: z.input<B> } : unknown);

/** What the server has after validation. */
export type InputOf<R extends Route> = (R extends { params: infer P extends z.ZodType }
  ? { readonly params: z.output<P> }
  : unknown) &
  (R extends { query: infer Q extends z.ZodType } ? { readonly query: z.output<Q> } : unknown) &
  (R extends { body: infer B extends z.ZodType } ? { readonly body: z.output<B> } : unknown);

/** What a caller gets. */
export type AnswerOf<R extends Route> = R['success'] extends { schema: infer S extends z.ZodType }
  ? z.output<S>
  : R['success'] extends { mediaType: 'application/octet-stream' }
    ? Uint8Array
    : R['success'] extends { mediaType: 'text/event-stream' }
      ? AsyncIterable<string>
      : R['success'] extends { mediaType: string }
        ? string
        : undefined;

export type RouteTable = Readonly<Record<string, Route>>;

/** Taken, and goes on. */
export const accepted = { status: 202, schema: Accepted } as const;
/** Done; nothing to say. */
export const done = { status: 204 } as const;
