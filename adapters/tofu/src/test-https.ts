// An HTTPS server with an authority of its own, for tests of downloads; nothing else imports it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface TestAuthority {
  /** PEM of the authority that clients must trust. */
  readonly ca: string;
  serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<TestServer>;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
}

/** Makes the authority and a certificate for localhost with openssl, in `dir`. */
export function createTestAuthority(dir: string): TestAuthority {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  const subject = ['-subj', '/CN=localhost', '-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...subject, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', ...subject, '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(join(dir, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  const from = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', ...from, '-days', '2', '-out', 'server.pem');
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  const [ca, key, cert] = [read('ca.pem'), read('server.key'), read('server.pem')];
  return {
    ca,
    async serve(answer) {
      const asked: string[] = [];
      const server = createServer({ key, cert }, (request, response) => {
        asked.push(request.url ?? '');
        answer(request, response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      return {
        asked,
        port,
        url: `https://127.0.0.1:${port}`,
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
  };
}
