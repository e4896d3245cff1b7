import { Secret } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyring } from './index.ts';

const options = { signal: new AbortController().signal };

/** Puts another key in force, as a rotation does. */
async function addKey(secrets: SecretStore, id: string): Promise<void> {
  const ring = JSON.parse((await secrets.read('store/keyring', options))?.reveal() ?? '{}');
  ring.keys[id] = Buffer.alloc(32, id).toString('base64');
  await secrets.write('store/keyring', new Secret(JSON.stringify({ ...ring, active: id })), options);
}

describe('createKeyring', () => {
  it('opens what it sealed, and seals the same bytes differently each time', async () => {
    const keyring = await createKeyring(createMemorySecrets(), options);
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (bytes, context) => {
        const sealed = keyring.seal(bytes, context);
        expect(keyring.open(sealed, context)).toEqual(bytes);
        expect(keyring.seal(bytes, context)).not.toEqual(sealed);
      }),
    );
  });

  it('does not open changed bytes, nor those of another place', async () => {
    const keyring = await createKeyring(createMemorySecrets(), options);
    const sealed = keyring.seal(Buffer.from('some entry'), 'runners/r1/entry');

    expect(() => keyring.open(sealed, 'runners/r2/entry')).toThrow();
    for (let place = 0; place < sealed.length; place++) {
      const changed = sealed.with(place, (sealed[place] ?? 0) ^ 1);
      expect(() => keyring.open(changed, 'runners/r1/entry')).toThrow();
    }
    expect(() => keyring.open(new Uint8Array(), 'x')).toThrow();
  });

  it('makes one ring for processes that start at once', async () => {
    const secrets = createMemorySecrets();
    const [one, two] = await Promise.all([createKeyring(secrets, options), createKeyring(secrets, options)]);

    expect(two.open(one.seal(Buffer.from('x'), 'a'), 'a')).toEqual(Uint8Array.from(Buffer.from('x')));
  });

  it('opens with an earlier key and seals with the active one', async () => {
    const secrets = createMemorySecrets();
    const before = (await createKeyring(secrets, options)).seal(Buffer.from('old'), 'a');
    await addKey(secrets, 'k2');

    const keyring = await createKeyring(secrets, options);

    expect(Buffer.from(keyring.open(before, 'a')).toString()).toBe('old');
    expect(Buffer.from(keyring.seal(Buffer.from('x'), 'a')).includes('k2')).toBe(true);
  });

  it('names the key that is missing', async () => {
    const sealed = (await createKeyring(createMemorySecrets(), options)).seal(Buffer.from('x'), 'a');
    const other = await createKeyring(createMemorySecrets(), options);

    expect(() => other.open(sealed, 'a')).toThrow(expect.objectContaining({ code: 'SECRET_MISSING' }));
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
