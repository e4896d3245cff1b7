import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Secret } from '@polar-gosling/kernel';
import { type CallOptions, type SecretStore, secretErrors } from '@polar-gosling/ports/secrets';
import { z } from 'zod';

const reference = 'store/state-keys';
const passphraseBytes = 32;
const keyBytes = 32;
/** What OpenTofu asks of a passphrase at least. Processors have instructions for SHA-256. */
const stretching = { iterations: 200_000, hash_function: 'sha256' } as const;
const stretch = promisify(pbkdf2);

// An id is the salt of its key and a name in what earlier releases encrypted: it never gets another passphrase.
const Ring = z.strictObject({
  active: z.string(),
  keys: z.record(z.string().regex(/^k[0-9a-f]{1,16}$/), z.string().regex(/^[\w-]{16,}$/)),
});
type Ring = z.infer<typeof Ring>;

/**
 * `TF_ENCRYPTION` for states and plans, from the passphrases in the secret `store/state-keys`: the active one encrypts,
 * all of them decrypt. With `takesClear` a state in clear is read as well, and encrypted when it is written. The first
 * process makes the secret. Fails with SECRET_DAMAGED when there is one that cannot be read.
 */
export type StateEncryption = (options: CallOptions & { readonly takesClear?: boolean }) => Promise<Secret>;

/**
 * Passphrases are stretched here, once for the process: OpenTofu would do it up to eight times in each command. What it
 * stretched itself in earlier releases it still reads.
 */
export function createStateEncryption(secrets: SecretStore): StateEncryption {
  let known: { readonly text: string; readonly keys: Promise<readonly StateKey[]> } | undefined;
  return async ({ takesClear = false, ...options }) => {
    const stored = await secrets.read(reference, options);
    const ring = stored ?? (await secrets.writeIfAbsent(reference, newRing(), options));
    const text = ring.reveal();
    if (known?.text !== text) known = { text, keys: deriveKeys(parseRing(text)) };
    return new Secret(configure(await known.keys, takesClear));
  };
}

interface StateKey {
  readonly id: string;
  readonly passphrase: string;
  readonly key: Buffer;
}

/** The active one first. */
async function deriveKeys({ active, keys }: Ring): Promise<readonly StateKey[]> {
  const derived: StateKey[] = [];
  const { iterations, hash_function: hash } = stretching;
  for (const [id, passphrase] of Object.entries(keys)) {
    const key = await stretch(passphrase, `gosling state ${id}`, iterations, keyBytes, hash);
    derived.push({ id, passphrase, key });
  }
  return derived.toSorted((a, b) => Number(b.id === active) - Number(a.id === active));
}

function configure(keys: readonly StateKey[], takesClear: boolean): string {
  const byId = <Value>(of: (key: StateKey) => Value) =>
    Object.fromEntries(keys.map((key) => [key.id, of(key)]));
  const asGiven = keys.map(({ id }) => `method.aes_gcm.${id}`);
  const readable = [...asGiven, ...asGiven.map((method) => `${method}_stretched`)];
  return JSON.stringify({
    key_provider: { pbkdf2: byId(({ passphrase }) => ({ passphrase, ...stretching })) },
    method: {
      aes_gcm: {
        ...byId(({ key }) => ({ keys: { encryption_key: [...key], decryption_key: [...key] } })),
        ...Object.fromEntries(
          keys.map(({ id }) => [`${id}_stretched`, { keys: `\${key_provider.pbkdf2.${id}}` }]),
        ),
      },
      unencrypted: { clear: {} },
    },
    // Where it is enforced OpenTofu refuses a configuration that reads what is in clear.
    state: takesClear
      ? targetOf([...readable, 'method.unencrypted.clear'])
      : { ...targetOf(readable), enforced: true },
    plan: { ...targetOf(readable), enforced: true },
  });
}

interface Target {
  readonly method: string;
  readonly fallback?: Target;
}

function targetOf([method = '', ...others]: readonly string[]): Target {
  return others.length === 0 ? { method } : { method, fallback: targetOf(others) };
}

function newRing(): Secret {
  const active = `k${randomBytes(4).toString('hex')}`;
  return new Secret(
    JSON.stringify({ active, keys: { [active]: randomBytes(passphraseBytes).toString('base64url') } }),
  );
}

/** Without the parser's message, which would repeat a piece of the ring. */
function parseRing(text: string): Ring {
  const parsed = Ring.safeParse(jsonOf(text));
  if (parsed.success && Object.hasOwn(parsed.data.keys, parsed.data.active)) return parsed.data;
  throw secretErrors.damaged({ path: reference, reason: 'it does not hold passphrases' });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
