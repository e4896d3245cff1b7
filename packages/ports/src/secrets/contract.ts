import { Secret } from '@polar-gosling/kernel';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { SecretStore } from './secret-store.ts';

export interface SecretsContract {
  readonly name: string;
  /** A new, empty secret store. */
  create(): Promise<SecretStore> | SecretStore;
  /** Ends what `create` started. */
  close?(): Promise<void>;
  /** Title of a case → why this backend cannot pass it. */
  readonly skip?: Readonly<Record<string, string>>;
}

const options = { signal: new AbortController().signal };
const reference = 'gitlab/gitlab.example.com_8443/my-egg/api-token';

/** What every secret store does; an adapter passes all of it against its real backend. */
export function describeSecretsContract(contract: SecretsContract): void {
  describe(`secrets contract: ${contract.name}`, () => {
    afterEach(() => contract.close?.());
    const check = (title: string, test: (secrets: SecretStore) => Promise<void>) => {
      it(title, async (context) => {
        const reason = contract.skip?.[title];
        if (reason !== undefined) context.skip(reason);
        await test(await contract.create());
      });
    };
    describeValues(check);
    describeReferences(check);
  });
}

type Check = (title: string, test: (secrets: SecretStore) => Promise<void>) => void;

async function valueIn(secrets: SecretStore, of: string): Promise<string | undefined> {
  return (await secrets.read(of, options))?.reveal();
}

function describeValues(check: Check): void {
  check('answers undefined where there is no value', async (secrets) => {
    expect(await secrets.read(reference, options)).toBeUndefined();
  });
  check('gives back what was written, as a Secret', async (secrets) => {
    await secrets.write(reference, new Secret('glpat-0123456789'), options);
    const secret = await secrets.read(reference, options);
    expect(secret).toBeInstanceOf(Secret);
    expect(secret?.reveal()).toBe('glpat-0123456789');
    expect(JSON.stringify({ secret })).not.toContain('glpat');
  });
  check('replaces a value', async (secrets) => {
    await secrets.write(reference, new Secret('the first value'), options);
    await secrets.write(reference, new Secret('the second value'), options);
    expect(await valueIn(secrets, reference)).toBe('the second value');
  });
  check('keeps values of any text', async (secrets) => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (text) => {
        const value = `a value: ${text.toWellFormed()}`;
        await secrets.write(reference, new Secret(value), options);
        expect(await valueIn(secrets, reference)).toBe(value);
      }),
      { numRuns: runs(100) },
    );
  });
  check('keeps a private key line by line', async (secrets) => {
    const pem = `-----BEGIN KEY-----\n${'A'.repeat(64)}\n-----END KEY-----\n`;
    await secrets.write('deploy-keys/mothergoose-private', new Secret(pem), options);
    expect(await valueIn(secrets, 'deploy-keys/mothergoose-private')).toBe(pem);
  });
  check('writes where there is no value and answers the one in force', async (secrets) => {
    const first = await secrets.writeIfAbsent(reference, new Secret('the first value'), options);
    const second = await secrets.writeIfAbsent(reference, new Secret('the second value'), options);
    expect([first.reveal(), second.reveal()]).toEqual(['the first value', 'the first value']);
    expect(await valueIn(secrets, reference)).toBe('the first value');
  });
  check('lets one of many first writers win, and tells all who', async (secrets) => {
    const writers = Array.from({ length: 8 }, (_, place) =>
      secrets.writeIfAbsent('store/keyring', new Secret(`keyring number ${place}`), options),
    );
    const answers = new Set((await Promise.all(writers)).map((secret) => secret.reveal()));
    expect(answers).toEqual(new Set([await valueIn(secrets, 'store/keyring')]));
  });
  check('keeps all of many values that are written at once', async (secrets) => {
    const places = Array.from({ length: 10 }, (_, place) => place);
    await Promise.all(
      places.map((n) => secrets.write(`rift/egg/${n}`, new Secret(`value number ${n}`), options)),
    );
    const values = await Promise.all(places.map((n) => valueIn(secrets, `rift/egg/${n}`)));
    expect(values).toEqual(places.map((n) => `value number ${n}`));
  });
  check('removes a value, and a missing one without complaint', async (secrets) => {
    await secrets.write(reference, new Secret('a value to remove'), options);
    await secrets.remove(reference, options);
    await secrets.remove(reference, options);
    expect(await secrets.read(reference, options)).toBeUndefined();
    expect(await secrets.list('', options)).toEqual([]);
  });
  check('refuses a value that some backend could not keep, without showing it', async (secrets) => {
    for (const huge of ['h'.repeat(65_537), 'ü'.repeat(40_000)]) {
      const refused = secrets.write(reference, new Secret(huge), options);
      await expect(refused).rejects.toMatchObject({
        code: 'SECRET_TOO_BIG',
        message: expect.not.stringContaining(huge.slice(0, 3)),
      });
    }
    expect(await secrets.read(reference, options)).toBeUndefined();
  });
}

function describeReferences(check: Check): void {
  check('names the secret by its role when it refuses', async (secrets) => {
    const role = 'API token of egg my-app';
    const read = secrets.read('canary77', { ...options, role });
    const refused: unknown = await read.catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SECRET_BAD_REFERENCE' });
    expect(String(refused)).toContain(role);
    expect(String(refused)).not.toContain('canary77');
  });
  check('lists references by prefix, in order', async (secrets) => {
    for (const each of ['gitlab/b/x', 'gitlab/a/y', 'gitlab/a/x', 'store/keyring']) {
      await secrets.write(each, new Secret('some value'), options);
    }
    expect(await secrets.list('gitlab/', options)).toEqual(['gitlab/a/x', 'gitlab/a/y', 'gitlab/b/x']);
    expect(await secrets.list('gitlab/a/x', options)).toEqual(['gitlab/a/x']);
    expect(await secrets.list('nothing', options)).toEqual([]);
  });
  check('tells references apart to the letter', async (secrets) => {
    await secrets.write('a/b', new Secret('lower case'), options);
    expect(await secrets.read('A/b', options)).toBeUndefined();
    expect(await secrets.read('a/b/c', options)).toBeUndefined();
    expect(await secrets.read('b/a', options)).toBeUndefined();
  });
  check('refuses what is no reference', async (secrets) => {
    const climbing = ['../a', 'a/../b', 'a/..', './a'];
    const unfit = [
      'a/b c',
      'a/b\nc',
      'a%2fb/c',
      'a:b/c',
      'a/b?version=1',
      'a/b#c',
      'a/b=c',
      `x/${'x'.repeat(600)}`,
    ];
    const bad = ['', 'a', '/a', 'a/', 'a//b', ...climbing, ...unfit];
    for (const each of bad) {
      const refused = expect.objectContaining({ code: 'SECRET_BAD_REFERENCE' });
      await expect(secrets.read(each, options)).rejects.toEqual(refused);
      await expect(secrets.write(each, new Secret('some value'), options)).rejects.toEqual(refused);
    }
  });
  check('takes names that other programs find special', async (secrets) => {
    for (const each of ['__proto__/__proto__', 'constructor/prototype', 'a.b=c+d/e@f']) {
      expect(await secrets.read(each, options)).toBeUndefined();
      await secrets.write(each, new Secret(`value of ${each}`), options);
      expect(await valueIn(secrets, each)).toBe(`value of ${each}`);
    }
  });
  check('does nothing for a caller who has given up', async (secrets) => {
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(secrets.read(reference, { signal })).rejects.toThrow('gone');
    await expect(secrets.write(reference, new Secret('some value'), { signal })).rejects.toThrow('gone');
    expect(await secrets.read(reference, options)).toBeUndefined();
  });
}
