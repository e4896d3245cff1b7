/** The part of the platform's `fetch` that the client uses; passed in, so that a host may bring proxies and CAs. */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** A token is never carried to where a redirect points. */
  readonly redirect: 'error';
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  /** For who reads it while it comes. */
  readonly body: AsyncIterable<Uint8Array> | null;
}
