import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A server of files over HTTPS, with a certificate of an authority of its own. */
export interface HttpsMirror {
  readonly url: string;
  /** File of the authority that clients must trust, and its text. */
  readonly caFile: string;
  readonly ca: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Gives `body` under every path that ends with `gitlab-runner-linux-amd64`, else 404. */
export async function startHttpsMirror(body: string): Promise<HttpsMirror> {
  const dir = mkdtempSync(path.join(tmpdir(), 'gosling-mirror-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  const request = ['-subj', '/CN=localhost', '-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...request, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', ...request, '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(path.join(dir, 'names'), 'subjectAltName=IP:127.0.0.1');
  const from = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', ...from, '-days', '2', '-out', 'server.pem');
  const read = (name: string) => readFileSync(path.join(dir, name), 'utf8');
  const asked: string[] = [];
  const server = createServer({ key: read('server.key'), cert: read('server.pem') }, (given, answer) => {
    asked.push(given.url ?? '');
    const isKnown = given.url?.endsWith('gitlab-runner-linux-amd64') === true;
    answer.writeHead(isKnown ? 200 : 404).end(isKnown ? body : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    caFile: path.join(dir, 'ca.pem'),
    ca: read('ca.pem'),
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
