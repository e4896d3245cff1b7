import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { sha256Hex } from '@polar-gosling/kernel';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { HttpLimits } from './limits.ts';

export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}

/** Connection pools by server and certificate authority. */
export interface Agents {
  of(origin: string, caPem: string | undefined): Dispatcher;
  close(): Promise<void>;
}

export function createAgents(deps: {
  limits: HttpLimits;
  lookup: LookupFunction;
  proxy: ProxySettings | undefined;
}): Agents {
  const agents = new Map<string, Dispatcher>();
  return {
    of(origin, caPem) {
      const key = caPem === undefined ? origin : `${origin} ${sha256Hex(caPem)}`;
      const agent = agents.get(key) ?? createAgent(deps, caPem);
      agents.set(key, agent);
      return agent;
    },
    async close() {
      const all = [...agents.values()];
      agents.clear();
      await Promise.all(all.map((agent) => agent.destroy()));
    },
  };
}

function createAgent(
  { limits, lookup, proxy }: Parameters<typeof createAgents>[0],
  caPem: string | undefined,
): Dispatcher {
  // `ca` replaces the roots, so the private authority is put beside them.
  const trust = caPem === undefined ? {} : { ca: [...getCACertificates('default'), caPem] };
  const options: Agent.Options = {
    allowH2: false,
    connections: limits.connectionsPerServer,
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
    connect: { ...trust, lookup, timeout: limits.connectTimeoutMs, autoSelectFamily: true },
  };
  if (proxy === undefined) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    // Empty, not absent: absent would make undici read the environment by itself.
    httpProxy: proxy.httpProxy ?? '',
    httpsProxy: proxy.httpsProxy ?? '',
    noProxy: proxy.noProxy ?? '',
    requestTls: { ...trust, timeout: limits.connectTimeoutMs },
  });
}
