import { randomBytes } from 'node:crypto';
import { Secret } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';
import { keyBytes } from './aes-gcm.ts';

export const ringReference = 'store/keyring';

/** The keys of the sealed columns: one seals, the others only open what they sealed before. */
export interface KeyRing {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** When the active key came in force, ms; absent in a ring of one first key. */
  readonly sinceMs?: number | undefined;
}

export function newRing(): Secret {
  const { id, key } = newKey();
  return ringToSecret({ active: id, keys: new Map([[id, key]]) });
}

/** The ring with one more key, which seals from now on. */
export function withNewKey(ring: KeyRing, nowMs: number): KeyRing {
  const { id, key } = newKey();
  return { active: id, keys: new Map([...ring.keys, [id, key]]), sinceMs: nowMs };
}

export function withActiveOnly({ active, keys, sinceMs }: KeyRing): KeyRing {
  return { active, keys: new Map([...keys].filter(([id]) => id === active)), sinceMs };
}

export function ringToSecret({ active, keys, sinceMs }: KeyRing): Secret {
  const texts = [...keys].map(([id, key]) => [id, Buffer.from(key).toString('base64')]);
  const since = sinceMs === undefined ? {} : { since: sinceMs };
  return new Secret(JSON.stringify({ v: 1, active, keys: Object.fromEntries(texts), ...since }));
}

/** SECRET_DAMAGED when it is no ring. */
export function readRing(secret: Secret): KeyRing {
  const parsed = parseRing(secret);
  const keys = Object.entries(parsed.keys ?? {}).map(([id, key]): [string, Uint8Array] => [
    id,
    Buffer.from(String(key), 'base64'),
  ]);
  const { active, since } = parsed;
  const ring = new Map(keys);
  const isRing =
    typeof active === 'string' && ring.has(active) && keys.every(([, key]) => key.length === keyBytes);
  if (!isRing) {
    throw secretErrors.damaged({ path: ringReference, reason: 'it does not hold keys' });
  }
  return { active, keys: ring, sinceMs: typeof since === 'number' ? since : undefined };
}

/** Without the parser's message, which would repeat a piece of the ring. */
function parseRing(secret: Secret): { active?: unknown; keys?: object; since?: unknown } {
  try {
    const parsed: unknown = JSON.parse(secret.reveal());
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function newKey(): { id: string; key: Uint8Array } {
  return { id: randomBytes(4).toString('hex'), key: randomBytes(keyBytes) };
}
