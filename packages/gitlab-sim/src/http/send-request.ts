import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { deadline } from '@polar-gosling/kernel';

export interface OutgoingRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs: number;
  /** Authorities trusted instead of the public ones (PEM). */
  readonly caPem?: string | undefined;
  /** `false` takes any certificate, as a webhook with SSL verification off. */
  readonly isSslVerified?: boolean;
  readonly signal: AbortSignal;
}

export interface IncomingReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request on its own connection; redirects are answers, not followed. Header names keep their case. */
export function sendRequest(outgoing: OutgoingRequest): Promise<IncomingReply> {
  const send = outgoing.url.protocol === 'https:' ? httpsRequest : httpRequest;
  const body = Buffer.from(outgoing.body ?? '');
  return new Promise((resolve, reject) => {
    const request = send(
      outgoing.url,
      {
        method: outgoing.method,
        headers: { ...outgoing.headers, 'Content-Length': String(body.length) },
        agent: false,
        signal: deadline(outgoing.signal, outgoing.timeoutMs),
        ...(outgoing.caPem !== undefined && { ca: outgoing.caPem }),
        ...(outgoing.isSslVerified === false && { rejectUnauthorized: false }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
