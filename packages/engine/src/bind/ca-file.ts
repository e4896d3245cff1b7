import { X509Certificate } from 'node:crypto';
import { caFileErrors } from '../errors.ts';

/** A whole system's bundle of authorities is half as big. */
export const caFileMostBytes = 512 * 1024;

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * The certificates of a CA file that Fly names. What this answers is sent to agents, and whoever may write the Nest
 * names the file: so each certificate is parsed and written anew, and nothing else of the file goes on.
 */
export function readCaCertificates(
  deps: { readonly readCaFile: (path: string) => string | undefined },
  at: { readonly file: string | undefined; readonly egg: string },
): string | undefined {
  const { file, egg } = at;
  if (file === undefined) return undefined;
  const text = deps.readCaFile(file);
  if (text === undefined) throw caFileErrors.unreadable({ file, egg });
  const found = parseCertificates(text);
  if ('refused' in found) throw caFileErrors.refused({ file, egg, why: found.refused });
  return found.pem;
}

function parseCertificates(text: string): { pem: string } | { refused: string } {
  if (Buffer.byteLength(text) > caFileMostBytes) return { refused: `it is over ${caFileMostBytes} bytes` };
  const blocks = [...text.matchAll(pemBlock)];
  if (blocks.length === 0) return { refused: 'there is no PEM certificate in it' };
  const certificates: string[] = [];
  for (const [block, label] of blocks) {
    if (label !== 'CERTIFICATE') return { refused: `there is a ${label} in it` };
    try {
      certificates.push(new X509Certificate(block).toString());
    } catch {
      return { refused: `its certificate number ${certificates.length + 1} cannot be read` };
    }
  }
  return { pem: certificates.join('') };
}
