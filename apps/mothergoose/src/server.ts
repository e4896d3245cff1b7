import { readFile } from 'node:fs/promises';
import type { Secret } from '@polar-gosling/kernel';
import type { FastifyInstance } from 'fastify';
import { type AppDeps, createApp } from './http/app.ts';
import { httpErrors } from './http/http-errors.ts';
import type { TlsMaterial } from './http/http-server.ts';
import { createPageSessions } from './http/page-sessions.ts';

export interface ServerDeps extends Omit<AppDeps, 'config' | 'tls'> {
  readonly config: {
    readonly listen: { readonly host: string; readonly port: number; readonly isLoopback: boolean };
    readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  };
}

export interface RunningServer {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly url: string;
  readonly port: number;
  /** A link that opens the status page once, as this API token. */
  pageLink(token: Secret): string;
  /** Takes nothing new, lets what is under way finish, then closes; cuts what lasts longer than `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

const defaultGraceMs = 10_000;

/** Listens. Fails with HTTP_PORT_TAKEN, HTTP_PORT_DENIED, HTTP_ADDRESS_UNKNOWN, HTTP_TLS_UNREADABLE. */
export async function startServer(deps: ServerDeps): Promise<RunningServer> {
  const { listen, tls: files } = deps.config;
  const tls = files === undefined ? undefined : await readTls(files);
  const sessions = createPageSessions(deps);
  const app = makeApp({ ...deps, sessions }, tls);
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await app.close();
    throw listenFailure(error, listen);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  deps.log.info('listening', { url });
  return {
    url,
    port,
    pageLink: (token) => `${url}${sessions.createLink(token).path}`,
    stop: (graceMs = defaultGraceMs) => stop(app, graceMs),
  };
}

function makeApp(deps: ServerDeps, tls: TlsMaterial | undefined): FastifyInstance {
  try {
    return createApp({ ...deps, ...(tls && { tls }) });
  } catch (error) {
    if (tls === undefined || deps.config.tls === undefined) throw error;
    const file = deps.config.tls.certFile;
    throw httpErrors.tlsUnreadable({ file, reason: reasonOf(error) }, { cause: error });
  }
}

async function readTls(files: { certFile: string; keyFile: string }): Promise<TlsMaterial> {
  return { cert: await readPem(files.certFile), key: await readPem(files.keyFile) };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw httpErrors.tlsUnreadable({ file, reason: reasonOf(error) }, { cause: error });
  }
}

/** The platform's code (`ENOENT`, `ERR_OSSL_…`): its text may repeat what is in the file. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'not PEM';
}

function listenFailure(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const options = { cause: error };
  switch (reasonOf(error)) {
    case 'EADDRINUSE':
      return httpErrors.portTaken({ host, port }, options);
    case 'EACCES':
      return httpErrors.portDenied({ host, port }, options);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return httpErrors.addressUnknown({ host }, options);
    default:
      return error;
  }
}

async function stop(app: FastifyInstance, graceMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
