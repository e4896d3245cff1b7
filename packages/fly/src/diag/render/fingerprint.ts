import type { Diagnostic } from '../diagnostic.ts';
import { maskSecrets } from '../mask.ts';

const offsetBasis = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;

/**
 * Names diagnostics for reports that are compared with earlier ones: by file, code, path and message, not by line.
 * Like ones of a file are counted, so that no two are the same.
 */
export function createFingerprints(): (diagnostic: Diagnostic) => string {
  const counts = new Map<string, number>();
  return ({ file, code, path = '', message }) => {
    const key = JSON.stringify([file, code, path, maskSecrets(message)]);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return fnv1a(`${key}${count}`);
  };
}

/** FNV-1a of 64 bits, over UTF-16 units. */
function fnv1a(text: string): string {
  let hash = offsetBasis;
  for (let at = 0; at < text.length; at++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * prime);
  }
  return hash.toString(16).padStart(16, '0');
}
