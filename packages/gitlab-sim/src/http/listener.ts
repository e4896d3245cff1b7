import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ListenOptions } from '../gitlab-sim.ts';
import type { SimContext } from '../sim-context.ts';
import { createHandler } from './handler.ts';
import type { Route } from './route.ts';

/** The simulator's servers and its address. */
export interface Listener {
  listen(
    context: SimContext,
    routes: readonly Route[],
    to: ListenOptions,
  ): Promise<{ url: string; close(): Promise<void> }>;
  /** Address of the first server; a placeholder before there is one. */
  url(): string;
  close(): Promise<void>;
}

export function createListener(): Listener {
  const servers = new Set<Server>();
  let firstUrl: string | undefined;
  return {
    url: () => firstUrl ?? 'http://gitlab.simulated.invalid',
    async listen(context, routes, to) {
      const server = makeServer(to, createHandler(context, routes));
      const host = to.host ?? '127.0.0.1';
      const address = await start(server, host, to.port ?? 0);
      servers.add(server);
      const scheme = to.tls === undefined ? 'http' : 'https';
      const url = to.externalUrl ?? `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
      firstUrl ??= url;
      return {
        url,
        close: () => {
          servers.delete(server);
          return stop(server);
        },
      };
    },
    async close() {
      await Promise.all([...servers].map(stop));
      servers.clear();
    },
  };
}

function makeServer(to: ListenOptions, handler: RequestListener): Server {
  if (to.tls === undefined) return createServer(handler);
  return createTlsServer({ cert: to.tls.certPem, key: to.tls.keyPem }, handler);
}

function start(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
