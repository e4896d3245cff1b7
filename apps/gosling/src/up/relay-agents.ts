import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';

/** Where agents in containers reach us: their folder is all of this host's loopback that a container sees. */
export function relaySocketOf(dataDir: string): string {
  return path.join(dataDir, 'agent-socket', 'api.sock');
}

/**
 * Takes connections at a socket in a folder that only we may enter, and hands each on to the address we listen at. The
 * folder stays when we end: containers have it mounted, and find the next socket in it.
 */
export async function relayAgents(at: { readonly socket: string; readonly url: string }): Promise<{
  stop(): Promise<void>;
}> {
  const { hostname, port, protocol } = new URL(at.url);
  const target = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  };
  await mkdir(path.dirname(at.socket), { recursive: true, mode: 0o700 });
  await rm(at.socket, { force: true });
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(target);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.socket, resolve);
  });
  return {
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
