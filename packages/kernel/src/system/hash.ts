import { createHash, hash } from 'node:crypto';

/** SHA-256 as 64 hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** SHA-256 of what comes in parts. */
export function startSha256(): { update(part: Uint8Array): void; hex(): string } {
  const hash = createHash('sha256');
  return {
    update: (part) => void hash.update(part),
    hex: () => hash.digest('hex'),
  };
}
