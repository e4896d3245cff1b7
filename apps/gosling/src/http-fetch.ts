import { getCACertificates } from 'node:tls';
import type { FetchLike } from '@polar-gosling/api-contract';
import { EnvHttpProxyAgent, fetch } from 'undici';

export interface HttpFetchOptions {
  /** A private CA, beside those that this host trusts. */
  readonly caPem?: string | undefined;
  /** Between runner and back end both sides refuse less than 1.3. */
  readonly minTls?: 'TLSv1.2' | 'TLSv1.3';
  readonly proxies?: ProxySettings;
}

export interface ProxySettings {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly none: string | undefined;
}

export interface HttpFetch {
  readonly fetch: FetchLike;
  /** Ends idle connections. */
  close(): Promise<void>;
}

/** `fetch` with a private CA, a least TLS version and the proxies of the environment. */
export function createHttpFetch(options: HttpFetchOptions): HttpFetch {
  const tls = {
    minVersion: options.minTls ?? 'TLSv1.2',
    ...(options.caPem === undefined ? {} : { ca: [...getCACertificates('default'), options.caPem] }),
  } as const;
  const { proxies } = options;
  const dispatcher = new EnvHttpProxyAgent({
    connect: tls,
    requestTls: tls,
    // Empty rather than absent: undici would look into the environment by itself.
    httpProxy: proxies?.http ?? '',
    httpsProxy: proxies?.https ?? '',
    noProxy: proxies?.none ?? '',
  });
  return {
    fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    close: () => dispatcher.destroy(),
  };
}
