import type { Secret } from '@polar-gosling/kernel';
import { type CallOptions, type SecretStore, secretErrors } from '@polar-gosling/ports/secrets';
import { type Sealer, sealErrors } from '@polar-gosling/ports/store';
import { decrypt, encrypt } from './aes-gcm.ts';
import { type KeyRing, newRing, readRing, ringReference } from './key-ring.ts';

const formVersion = 1;

/** A cache is asked for the ring each time: how old it may be is the cache's to say. */
export interface KeyringSecrets extends Pick<SecretStore, 'read' | 'writeIfAbsent'> {
  /** Past what a cache keeps. */
  readonly refresh?: SecretStore['read'];
}

/**
 * Seals with the active key of the ring in the secret `store/keyring`, opens with any of its keys; a key that it does
 * not know is looked for once in the ring as it is now. The first process makes the ring. Fails with SECRET_DAMAGED
 * when there is one that cannot be read.
 */
export async function createKeyring(secrets: KeyringSecrets, options: CallOptions): Promise<Sealer> {
  const current = createRingReader(secrets);
  const stored = await secrets.read(ringReference, options);
  current.take(stored ?? (await secrets.writeIfAbsent(ringReference, newRing(), options)));
  return {
    async seal(bytes, context, call) {
      const { active, keys } = await current.ring(call);
      const header = Buffer.concat([Buffer.of(formVersion, Buffer.byteLength(active)), Buffer.from(active)]);
      const key = keys.get(active) ?? new Uint8Array();
      return new Uint8Array(Buffer.concat([header, encrypt(key, bytes, context)]));
    },
    async open(sealed, context, call) {
      const keyId = sealedKeyId(sealed);
      if (keyId === undefined) throw sealErrors.broken({ place: context });
      const key = await current.key(keyId, call);
      if (key === undefined) throw sealErrors.unknownKey({ place: context, keyId });
      try {
        return new Uint8Array(decrypt(key, sealed.subarray(2 + Buffer.byteLength(keyId)), context));
      } catch (error) {
        throw sealErrors.broken({ place: context }, { cause: error });
      }
    },
  };
}

/** The id of the key that sealed these bytes; `undefined` where there stands nothing of that kind. */
export function sealedKeyId(sealed: Uint8Array): string | undefined {
  if (sealed[0] !== formVersion) return undefined;
  const id = Buffer.from(sealed.subarray(2, 2 + (sealed[1] ?? 0))).toString('latin1');
  return /^[\w-]{1,64}$/.test(id) ? id : undefined;
}

function createRingReader(secrets: KeyringSecrets) {
  let known: { readonly text: string; readonly ring: KeyRing } | undefined;
  /** Keys that the ring as it is does not have: not looked for again before it is another. */
  const missing = new Set<string>();
  const take = (secret: Secret | undefined): KeyRing => {
    if (secret === undefined) {
      const fix = 'restore the secret that the store was written with';
      throw secretErrors.missing({ role: `key ring (${ringReference})`, fix });
    }
    const text = secret.reveal();
    if (known?.text === text) return known.ring;
    known = { text, ring: readRing(secret) };
    missing.clear();
    return known.ring;
  };
  const ring = async (options: CallOptions) => take(await secrets.read(ringReference, options));
  return {
    take,
    ring,
    async key(id: string, options: CallOptions): Promise<Uint8Array | undefined> {
      const key = (await ring(options)).keys.get(id);
      if (key !== undefined || missing.has(id)) return key;
      const refresh = secrets.refresh ?? secrets.read;
      const found = take(await refresh(ringReference, options)).keys.get(id);
      if (found === undefined) missing.add(id);
      return found;
    },
  };
}
