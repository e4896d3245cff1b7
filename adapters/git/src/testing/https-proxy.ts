import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface HttpsProxy extends AsyncDisposable {
  readonly url: string;
  /** Host and port of each tunnel that was asked for. */
  readonly asked: readonly string[];
}

/** A proxy whose every tunnel ends at `target`, whatever name was asked for. */
export async function serveProxy(target: string): Promise<HttpsProxy> {
  const asked: string[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer().on('connect', (request, socket, head) => {
    asked.push(request.url ?? '');
    const there = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.write(head);
      there.pipe(socket).pipe(there);
    });
    there.on('error', () => socket.destroy());
    socket.on('error', () => there.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}
