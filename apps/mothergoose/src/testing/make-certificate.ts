import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  remove(): void;
}

/** A certificate for 127.0.0.1 that signs itself, made by openssl. */
export function makeCertificate(): CertificateFiles {
  const dir = mkdtempSync(join(tmpdir(), 'mothergoose-'));
  const certFile = join(dir, 'cert.pem');
  const keyFile = join(dir, 'key.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const subject = ['-subj', '/CN=mothergoose', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...subject], {
    stdio: 'pipe',
  });
  return { certFile, keyFile, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
