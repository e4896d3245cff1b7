import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { CodedError, IdSource } from '@polar-gosling/kernel';
import { httpErrors } from './http-errors.ts';
import { rawProblem } from './raw-answer.ts';
import { wireErrors } from './wire-errors.ts';

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

export interface ConnectionLimits {
  /** The headers must be there. */
  readonly headersTimeoutMs: number;
  /** The whole request must be there. */
  readonly requestTimeoutMs: number;
  /** A connection on which nothing moves is closed. */
  readonly connectionTimeoutMs: number;
}

const maxHeaderBytes = 16 * 1024;

/** Node's server with our limits; TLS 1.3 only, where there is a certificate. */
export function createHttpServer(
  handler: RequestListener,
  deps: { readonly limits: ConnectionLimits; readonly ids: IdSource; readonly tls: TlsMaterial | undefined },
): Server {
  const options = serverOptions(deps.limits);
  const server: Server =
    deps.tls === undefined
      ? createServer(options, handler)
      : createTlsServer({ ...options, ...deps.tls, minVersion: 'TLSv1.3' }, handler);
  server.setTimeout(deps.limits.connectionTimeoutMs);
  // The body is only asked for once the caller is known (`read-body.ts`).
  server.on('checkContinue', handler);
  server.on('checkExpectation', (_request, response) => {
    response.writeHead(417, { 'content-length': '0', connection: 'close' }).end();
  });
  server.on('connect', (_request, socket: Duplex) => {
    const error = httpErrors.methodNotAllowed({ method: 'CONNECT', allow: 'GET' });
    socket.on('error', () => undefined);
    socket.end(rawProblem(error, deps.ids.next(), { allow: 'GET' }));
  });
  return server;
}

function serverOptions(limits: ConnectionLimits): ServerOptions {
  const { headersTimeoutMs, requestTimeoutMs } = limits;
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    keepAliveTimeout: 20_000,
    maxHeaderSize: maxHeaderBytes,
    insecureHTTPParser: false,
    // Asked for by the app, which answers with a length and a request id.
    requireHostHeader: false,
    noDelay: true,
  };
}

/** Answers bytes that are no request, then ends the connection. */
export function answerClientError(error: Error, socket: Duplex, ids: IdSource): void {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.on('error', () => undefined);
  socket.end(rawProblem(refusalOf(code), ids.next()), () => socket.destroy());
}

function refusalOf(code: string): CodedError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return wireErrors.slow({});
  if (code === 'HPE_HEADER_OVERFLOW') return wireErrors.headersTooLarge({});
  return wireErrors.malformed({});
}
