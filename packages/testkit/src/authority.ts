import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Authority {
  readonly caFile: string;
  readonly caPem: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A private certificate authority and a certificate of it for these names, both written to the folder. */
export function createAuthority(
  dir: string,
  names: readonly string[] = ['IP:127.0.0.1', 'DNS:localhost'],
): Authority {
  mkdirSync(dir, { recursive: true });
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=ca');
  openssl('req', ...key, '-keyout', 'tls.key', '-out', 'tls.csr', '-subj', '/CN=127.0.0.1');
  writeFileSync(join(dir, 'names'), `subjectAltName = ${names.join(', ')}`);
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', 'tls.csr', ...signed, '-extfile', 'names', '-out', 'tls.pem');
  const caFile = join(dir, 'ca.pem');
  const [certFile, keyFile] = [join(dir, 'tls.pem'), join(dir, 'tls.key')];
  return { caFile, caPem: readFileSync(caFile, 'utf8'), certFile, keyFile };
}
