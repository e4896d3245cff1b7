import { isObject } from '../http/fields.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text. */
  readonly body: unknown;
}

/** Sends one JSON request to the simulator. */
export type ApiClient = (
  method: string,
  path: string,
  options?: { body?: unknown; headers?: Readonly<Record<string, string>>; token?: string },
) => Promise<ApiAnswer>;

export function createApiClient(baseUrl: string, defaultToken?: string): ApiClient {
  return async (method, path, { body, headers = {}, token = defaultToken } = {}) => {
    const answer = await fetch(`${baseUrl}/api/v4${path}`, {
      method,
      headers: {
        ...(token !== undefined && { 'PRIVATE-TOKEN': token }),
        ...(body !== undefined && !Buffer.isBuffer(body) && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && {
        body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
      }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  };
}

/** A field of an object of unknown shape, by path: `at(answer.body, 'runner', 'id')`. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)];
    return isObject(inner) ? inner[String(key)] : undefined;
  }, value);
}
