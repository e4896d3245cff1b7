import { createMasker, Secret, silentLogger } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import { createCachedSecrets } from '@polar-gosling/ports/secrets/cached';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import { createFakeClock } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyring, sealedKeyId } from './index.ts';

const options = { signal: new AbortController().signal };

/** Puts another key in force, as a rotation does. */
async function addKey(secrets: SecretStore, id: string): Promise<void> {
  const ring = JSON.parse((await secrets.read('store/keyring', options))?.reveal() ?? '{}');
  ring.keys[id] = Buffer.alloc(32, id).toString('base64');
  await secrets.write('store/keyring', new Secret(JSON.stringify({ ...ring, active: id })), options);
}

const ttlMs = 300_000;

function withCache() {
  const backend = createMemorySecrets();
  const clock = createFakeClock();
  const reads = { count: 0 };
  const counted: SecretStore = {
    ...backend,
    read(reference, call) {
      reads.count++;
      return backend.read(reference, call);
    },
  };
  const cached = createCachedSecrets(counted, { clock, ttlMs, masker: createMasker(), logger: silentLogger });
  return { backend, cached, clock, reads };
}

describe('createKeyring', () => {
  it('opens what it sealed, and seals the same bytes differently each time', async () => {
    const keyring = await createKeyring(createMemorySecrets(), options);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.string(), async (bytes, context) => {
        const sealed = await keyring.seal(bytes, context, options);
        expect(await keyring.open(sealed, context, options)).toEqual(bytes);
        expect(await keyring.seal(bytes, context, options)).not.toEqual(sealed);
      }),
    );
  });

  it('does not open changed bytes, nor those of another place', async () => {
    const keyring = await createKeyring(createMemorySecrets(), options);
    const place = 'runners ["r1"] entry';
    const sealed = await keyring.seal(Buffer.from('some entry'), place, options);
    const broken = { code: 'SEAL_BROKEN', message: expect.stringContaining(place) };
    const failing = { code: expect.stringMatching(/^SEAL_(BROKEN|UNKNOWN_KEY)$/) };

    const elsewhere = { code: 'SEAL_BROKEN', message: expect.stringContaining('runners ["r2"] entry') };
    await expect(keyring.open(sealed, 'runners ["r2"] entry', options)).rejects.toMatchObject(elsewhere);
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.with(at, (sealed[at] ?? 0) ^ 1);
      // The id of the key stands at 2 to 9: with another one it is a key that is not there.
      await expect(keyring.open(changed, place, options)).rejects.toMatchObject(at < 10 ? failing : broken);
    }
    await expect(keyring.open(new Uint8Array(), place, options)).rejects.toMatchObject(broken);
  });

  it('makes one ring for processes that start at once', async () => {
    const secrets = createMemorySecrets();
    const [one, two] = await Promise.all([createKeyring(secrets, options), createKeyring(secrets, options)]);

    const sealed = await one.seal(Buffer.from('x'), 'a', options);
    expect(await two.open(sealed, 'a', options)).toEqual(Uint8Array.from(Buffer.from('x')));
  });

  it('opens with an earlier key and seals with the active one', async () => {
    const secrets = createMemorySecrets();
    const before = await (await createKeyring(secrets, options)).seal(Buffer.from('old'), 'a', options);
    await addKey(secrets, 'k2');

    const keyring = await createKeyring(secrets, options);
    const after = await keyring.seal(Buffer.from('x'), 'a', options);

    expect(Buffer.from(await keyring.open(before, 'a', options)).toString()).toBe('old');
    expect(Buffer.from(after).includes('k2')).toBe(true);
    expect(sealedKeyId(after)).toBe('k2');
    expect(sealedKeyId(before)).toMatch(/^[0-9a-f]{8}$/);
  });

  it('names the key that is missing, and the place', async () => {
    const one = await createKeyring(createMemorySecrets(), options);
    const sealed = await one.seal(Buffer.from('x'), 'runners ["r1"] entry', options);
    const other = await createKeyring(createMemorySecrets(), options);
    const keyId = Buffer.from(sealed.subarray(2, 10)).toString();

    await expect(other.open(sealed, 'runners ["r1"] entry', options)).rejects.toMatchObject({
      code: 'SEAL_UNKNOWN_KEY',
      message: expect.stringMatching(new RegExp(`^runners \\["r1"\\] entry .* ${keyId},`)),
    });
  });

  it('seals with a key that came in force elsewhere once its cache has it, and opens it at once', async () => {
    const { backend, cached, clock, reads } = withCache();
    const keyring = await createKeyring(cached, options);
    await keyring.seal(Buffer.from('x'), 'a', options);
    await addKey(backend, 'k2');
    const sealed = await (await createKeyring(backend, options)).seal(Buffer.from('new'), 'a', options);
    const lateReader = await createKeyring(cached, options);

    await clock.advance(ttlMs - 1);
    expect(Buffer.from(await keyring.seal(Buffer.from('x'), 'a', options)).includes('k2')).toBe(false);
    await clock.advance(1);
    expect(Buffer.from(await keyring.seal(Buffer.from('x'), 'a', options)).includes('k2')).toBe(true);

    await addKey(backend, 'k3');
    const newer = await (await createKeyring(backend, options)).seal(Buffer.from('newer'), 'a', options);
    reads.count = 0;
    expect(Buffer.from(await lateReader.open(newer, 'a', options)).toString()).toBe('newer');
    expect(Buffer.from(await lateReader.open(sealed, 'a', options)).toString()).toBe('new');
    expect(reads.count).toBe(1);
  });

  it('looks once for a key that is nowhere, not with each row', async () => {
    const { cached, reads } = withCache();
    const keyring = await createKeyring(cached, options);
    await keyring.seal(Buffer.from('x'), 'a', options);
    const foreign = await (await createKeyring(createMemorySecrets(), options)).seal(
      Buffer.from('x'),
      'a',
      options,
    );
    reads.count = 0;

    for (let n = 0; n < 5; n++) {
      await expect(keyring.open(foreign, 'a', options)).rejects.toMatchObject({ code: 'SEAL_UNKNOWN_KEY' });
    }

    expect(reads.count).toBe(1);
  });

  it.each(['no JSON', '{}', '{"active":"a","keys":{}}', '{"active":"a","keys":{"a":"c2hvcnQ="}}', 'null'])(
    'refuses a ring that is %s',
    async (text) => {
      const secrets = createMemorySecrets();
      await secrets.write('store/keyring', new Secret(text), options);

      await expect(createKeyring(secrets, options)).rejects.toMatchObject({
        code: expect.stringMatching(/^SECRET_(DAMAGED|MISSING)$/),
      });
    },
  );
});
