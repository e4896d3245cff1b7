import type { JsonObject } from './json.ts';

/** If and how a failed call may be repeated. */
export type Retry = 'never' | 'backoff' | 'now';

export interface ErrorSpec<Params extends object> {
  /** One sentence a person can act on; never holds a secret. */
  message(params: Params): string;
  /** HTTP status when it reaches a client. */
  readonly http: number;
  readonly retry: Retry;
  /**
   * Neither time nor a person mends it: the same input fails in the same way for as long as this release runs. A task
   * that meets it is put aside; one that fails with another code is tried until somebody has mended what hinders it.
   */
  readonly isPoison?: true;
}

// biome-ignore lint/suspicious/noExplicitAny: a catalogue holds specs of different parameters
export type ErrorCatalogue = Readonly<Record<string, ErrorSpec<any>>>;

/** Makes the error; `code` is there without making one, for who compares it or lists them all. */
type Factory<Spec> =
  Spec extends ErrorSpec<infer Params>
    ? ((params: Params, options?: { cause?: unknown }) => CodedError) & {
        readonly code: string;
        readonly http: number;
        readonly isPoison: boolean;
      }
    : never;

/** An error with a stable code: the only kind this code base throws. */
export class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly code: string;
  readonly http: number;
  readonly retry: Retry;
  readonly isPoison: boolean;
  readonly params: JsonObject;

  constructor(spec: {
    code: string;
    message: string;
    http: number;
    retry: Retry;
    isPoison: boolean;
    params: object;
    cause: unknown;
  }) {
    super(spec.message, spec.cause === undefined ? undefined : { cause: spec.cause });
    this.code = spec.code;
    this.http = spec.http;
    this.retry = spec.retry;
    this.isPoison = spec.isPoison;
    this.params = spec.params as JsonObject;
  }
}

/**
 * Makes the factories of one catalogue: `defineErrors('STORE', { itemTooBig: … }).itemTooBig({ key, bytes })`
 * has the code `STORE_ITEM_TOO_BIG`.
 */
export function defineErrors<const Catalogue extends ErrorCatalogue>(
  prefix: string,
  catalogue: Catalogue,
): { readonly [Name in keyof Catalogue]: Factory<Catalogue[Name]> } {
  const factories = Object.entries(catalogue).map(([name, spec]) => {
    const code = `${prefix}_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const { http, isPoison = false } = spec;
    const make = (params: object, options?: { cause?: unknown }) =>
      new CodedError({
        code,
        message: spec.message(params),
        http,
        retry: spec.retry,
        isPoison,
        params,
        cause: options?.cause,
      });
    return [name, Object.assign(make, { code, http, isPoison })];
  });
  return Object.fromEntries(factories);
}

/** Is it one of ours, and (if given) of this code? */
export function isCoded(error: unknown, code?: string): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code);
}

/** What a client may see of a failure: RFC 9457, without causes. */
export function toProblem(error: unknown): { status: number; code: string; title: string; detail: string } {
  if (isCoded(error)) {
    return { status: error.http, code: error.code, title: error.code, detail: error.message };
  }
  return {
    status: 500,
    code: 'KERNEL_INTERNAL',
    title: 'internal error',
    detail: 'something failed inside; the log has the details under this request id',
  };
}
