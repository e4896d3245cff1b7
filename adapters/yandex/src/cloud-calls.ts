import { codeOf, deadline, parseJson, readText } from '@polar-gosling/kernel';
import { EnvHttpProxyAgent, request as send } from 'undici';

const timeoutMs = 20_000;
const largestAnswerBytes = 4 * 1024 * 1024;

export interface CloudCallsOptions {
  readonly proxy?: { readonly httpProxy?: string; readonly httpsProxy?: string; readonly noProxy?: string };
}

export interface CloudRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface CloudAnswer {
  readonly status: number;
  /** Parsed; `undefined` when it is no JSON. */
  readonly body: unknown;
}

/** One HTTP request to the cloud: no redirect is followed, no retry is made, the answer is bounded. */
export interface CloudCalls {
  /** Fails with the transport's own error. */
  send(request: CloudRequest, options: { readonly signal: AbortSignal }): Promise<CloudAnswer>;
  close(): Promise<void>;
}

export function createCloudCalls({ proxy }: CloudCallsOptions): CloudCalls {
  const agent = new EnvHttpProxyAgent({
    httpProxy: proxy?.httpProxy ?? '',
    httpsProxy: proxy?.httpsProxy ?? '',
    noProxy: proxy?.noProxy ?? '',
  });
  return {
    async send({ method, url, headers, body }, { signal }) {
      const reply = await send(url, {
        ...{ method, dispatcher: agent, signal: deadline(signal, timeoutMs) },
        headers: { accept: 'application/json', ...headers },
        ...(body === undefined ? {} : { body }),
      });
      return {
        status: reply.statusCode,
        body: parseJson((await readText(reply.body, largestAnswerBytes)) ?? ''),
      };
    },
    close: () => agent.close(),
  };
}

/** What went wrong below HTTP, without the text of the request. */
export function reasonOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.name : 'unknown failure');
}
