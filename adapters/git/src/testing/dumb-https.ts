import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface DumbHttps extends AsyncDisposable {
  readonly url: string;
  readonly caPem: string;
  readonly authorizations: readonly (string | undefined)[];
}

/**
 * Serves a bare repository by Git's file-wise protocol, behind a password and a private authority. Its certificate is good
 * for `nest.invalid` too, a name that only a proxy may know.
 */
export async function serveDumbHttps(
  gitDir: string,
  options: { password: string; redirectTo?: string },
): Promise<DumbHttps> {
  execFileSync('git', ['--git-dir', gitDir, 'update-server-info']);
  const certificates = makeCertificates(gitDir);
  const expected = `Basic ${Buffer.from(`oauth2:${options.password}`).toString('base64')}`;
  const authorizations: (string | undefined)[] = [];
  const server = createServer({ cert: certificates.cert, key: certificates.key }, (request, response) => {
    authorizations.push(request.headers.authorization);
    if (options.redirectTo !== undefined) {
      response.writeHead(302, { location: `${options.redirectTo}${request.url}` }).end();
    } else if (request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    } else {
      const file = readFile(join(gitDir, new URL(request.url ?? '', 'https://x').pathname));
      response.writeHead(file === undefined ? 404 : 200).end(file);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    caPem: certificates.ca,
    authorizations,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function readFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function makeCertificates(dir: string): { ca: string; cert: string; key: string } {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=ca');
  openssl('req', ...newKey, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=nest');
  writeFileSync(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:nest.invalid\n');
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'request.pem', ...by, '-out', 'cert.pem', '-days', '2');
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
