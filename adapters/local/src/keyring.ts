import { randomBytes } from 'node:crypto';
import { Secret } from '@polar-gosling/kernel';
import { type CallOptions, type SecretStore, secretErrors } from '@polar-gosling/ports/secrets';
import type { Sealer } from '@polar-gosling/ports/store';
import { decrypt, encrypt, keyBytes } from './aes-gcm.ts';

const reference = 'store/keyring';
const formVersion = 1;

interface Ring {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

/**
 * Seals with the active key of the ring in the secret `store/keyring`, opens with any of its keys. The first process
 * makes the ring. Fails with SECRET_DAMAGED when there is one that cannot be read.
 */
export async function createKeyring(secrets: SecretStore, options: CallOptions): Promise<Sealer> {
  const stored = await secrets.read(reference, options);
  const ring = readRing(stored ?? (await secrets.writeIfAbsent(reference, newRing(), options)));
  const activeKey = keyOf(ring, ring.active);
  const header = Buffer.concat([
    Buffer.of(formVersion, Buffer.byteLength(ring.active)),
    Buffer.from(ring.active),
  ]);
  return {
    seal: (bytes, context) => new Uint8Array(Buffer.concat([header, encrypt(activeKey, bytes, context)])),
    open(sealed, context) {
      const idLength = sealed[1] ?? 0;
      const id = Buffer.from(sealed.subarray(2, 2 + idLength)).toString();
      if (sealed[0] !== formVersion) throw damaged('a sealed value has an unknown form');
      return new Uint8Array(decrypt(keyOf(ring, id), sealed.subarray(2 + idLength), context));
    },
  };
}

/**
 * Puts a new key in force and keeps the others, which open what they sealed. A rotation that was begun and not ended
 * is gone on with: no further key is made. Only while nothing else seals.
 */
export async function beginKeyRotation(
  secrets: SecretStore,
  options: CallOptions,
): Promise<'begun' | 'resumed'> {
  const stored = await secrets.read(reference, options);
  const ring = readRing(stored ?? (await secrets.writeIfAbsent(reference, newRing(), options)));
  if (ring.keys.size > 1) return 'resumed';
  const next = newKey();
  await secrets.write(
    reference,
    toSecret({ active: next.id, keys: new Map([...ring.keys, [next.id, next.key]]) }),
    options,
  );
  return 'begun';
}

/** Forgets every key but the one in force. Call it when everything is sealed with that one. */
export async function endKeyRotation(secrets: SecretStore, options: CallOptions): Promise<void> {
  const stored = await secrets.read(reference, options);
  if (stored === undefined) return;
  const { active, keys } = readRing(stored);
  if (keys.size > 1) {
    await secrets.write(
      reference,
      toSecret({ active, keys: new Map([...keys].filter(([id]) => id === active)) }),
      options,
    );
  }
}

function newRing(): Secret {
  const { id, key } = newKey();
  return toSecret({ active: id, keys: new Map([[id, key]]) });
}

function newKey(): { id: string; key: Uint8Array } {
  return { id: randomBytes(4).toString('hex'), key: randomBytes(keyBytes) };
}

function toSecret({ active, keys }: Ring): Secret {
  const texts = [...keys].map(([id, key]) => [id, Buffer.from(key).toString('base64')]);
  return new Secret(JSON.stringify({ v: 1, active, keys: Object.fromEntries(texts) }));
}

function readRing(secret: Secret): Ring {
  const parsed = parseRing(secret);
  const keys = Object.entries(parsed.keys ?? {}).map(([id, key]): [string, Uint8Array] => [
    id,
    Buffer.from(String(key), 'base64'),
  ]);
  const isRing = typeof parsed.active === 'string' && keys.every(([, key]) => key.length === keyBytes);
  if (!isRing) throw damaged('it does not hold keys');
  return { active: String(parsed.active), keys: new Map(keys) };
}

/** Without the parser's message, which would repeat a piece of the ring. */
function parseRing(secret: Secret): { active?: unknown; keys?: object } {
  try {
    const parsed: unknown = JSON.parse(secret.reveal());
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function keyOf(ring: Ring, id: string): Uint8Array {
  const key = ring.keys.get(id);
  if (key !== undefined) return key;
  throw secretErrors.missing({
    role: `key "${id}" of the key ring`,
    fix: `restore the secret ${reference} that the database was written with`,
  });
}

function damaged(reason: string) {
  return secretErrors.damaged({ path: reference, reason });
}
