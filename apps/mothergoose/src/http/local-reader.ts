import { isLoopbackHost } from '@polar-gosling/api-contract';
import type { Caller } from '@polar-gosling/engine';
import type { FastifyRequest } from 'fastify';

/** Who collects the metrics of an embedded instance on the same machine. */
export const localReader: Caller = { tokenId: 'local', name: 'this machine', role: 'read' };

/**
 * May metrics be shown without a token? Only on a loopback listener, to a browser that asked for a loopback name: a page of
 * the web whose name was re-bound to 127.0.0.1 sends its own name, and what comes through a proxy comes from elsewhere.
 */
export function isLocalReader(request: FastifyRequest, listen: { readonly isLoopback: boolean }): boolean {
  if (!listen.isLoopback || !isLoopbackHost(peerOf(request.ip))) return false;
  const { host, origin, forwarded, via } = request.headers;
  const forwardedFor = request.headers['x-forwarded-for'] ?? request.headers['x-forwarded-host'];
  if (forwarded !== undefined || via !== undefined || forwardedFor !== undefined) return false;
  if (origin !== undefined && !isLoopbackHost(nameOf(origin.replace(/^https?:\/\//, '')))) return false;
  return isLoopbackHost(nameOf(host ?? ''));
}

function nameOf(host: string): string {
  return host.replace(/:\d{1,5}$/, '');
}

function peerOf(address: string): string {
  return address.replace(/^::ffff:/, '');
}
