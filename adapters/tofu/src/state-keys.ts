import { randomBytes } from 'node:crypto';
import { Secret } from '@polar-gosling/kernel';
import { type CallOptions, type SecretStore, secretErrors } from '@polar-gosling/ports/secrets';
import { z } from 'zod';

const reference = 'store/state-keys';
const passphraseBytes = 32;
/**
 * The least OpenTofu takes: a passphrase of 256 random bits needs no stretching, and each command pays for it up to five
 * times. Processors have instructions for SHA-256. What was encrypted says itself how its key was derived.
 */
const stretching = { iterations: 200_000, hash_function: 'sha256' } as const;

// Ids are names in OpenTofu's configuration, and written into what it encrypts: an id never gets another passphrase.
const Ring = z.strictObject({
  active: z.string(),
  keys: z.record(z.string().regex(/^k[0-9a-f]{1,16}$/), z.string().regex(/^[\w-]{16,}$/)),
});

/**
 * `TF_ENCRYPTION` for states and plans, from the passphrases in the secret `store/state-keys`: the active one encrypts,
 * all of them decrypt. The first process makes the secret. Fails with SECRET_DAMAGED when there is one that cannot be read.
 */
export async function readStateEncryption(secrets: SecretStore, options: CallOptions): Promise<Secret> {
  const stored = await secrets.read(reference, options);
  const ring = parseRing(stored ?? (await secrets.writeIfAbsent(reference, newRing(), options)));
  const earlier = Object.keys(ring.keys).filter((id) => id !== ring.active);
  return new Secret(
    JSON.stringify({
      key_provider: {
        pbkdf2: Object.fromEntries(
          Object.entries(ring.keys).map(([id, passphrase]) => [id, { passphrase, ...stretching }]),
        ),
      },
      method: {
        aes_gcm: Object.fromEntries(
          Object.keys(ring.keys).map((id) => [id, { keys: `\${key_provider.pbkdf2.${id}}` }]),
        ),
      },
      state: { ...targetOf(ring.active, earlier), enforced: true },
      plan: { ...targetOf(ring.active, earlier), enforced: true },
    }),
  );
}

interface Target {
  readonly method: string;
  readonly fallback?: Target;
}

function targetOf(id: string, [next, ...others]: readonly string[]): Target {
  const method = `method.aes_gcm.${id}`;
  return next === undefined ? { method } : { method, fallback: targetOf(next, others) };
}

function newRing(): Secret {
  const active = `k${randomBytes(4).toString('hex')}`;
  return new Secret(
    JSON.stringify({ active, keys: { [active]: randomBytes(passphraseBytes).toString('base64url') } }),
  );
}

/** Without the parser's message, which would repeat a piece of the ring. */
function parseRing(secret: Secret): z.infer<typeof Ring> {
  const parsed = Ring.safeParse(jsonOf(secret));
  if (parsed.success && Object.hasOwn(parsed.data.keys, parsed.data.active)) return parsed.data;
  throw secretErrors.damaged({ path: reference, reason: 'it does not hold passphrases' });
}

function jsonOf(secret: Secret): unknown {
  try {
    return JSON.parse(secret.reveal());
  } catch {
    return undefined;
  }
}
