import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Authority } from '@polar-gosling/testkit';

export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
}

/**
 * Answers every request with one body, over TLS of a private authority; `stallsAt`: no more than so many bytes, until
 * it `goesOn`.
 */
export async function serveFile(
  body: Uint8Array,
  authority: Authority,
  { stallsAt, goesOn }: { stallsAt?: number; goesOn?: Promise<void> } = {},
): Promise<FileServer> {
  const asked: string[] = [];
  const tls = { cert: readFileSync(authority.certFile), key: readFileSync(authority.keyFile) };
  const server = createServer(tls, (request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-length', body.length);
    if (stallsAt === undefined) response.end(body);
    else {
      response.write(body.subarray(0, stallsAt));
      void goesOn?.then(() => response.end(body.subarray(stallsAt)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `https://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
