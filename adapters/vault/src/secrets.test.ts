import { createMasker, createSystemClock, createSystemIds, Secret } from '@polar-gosling/kernel';
import { describeSecretsContract } from '@polar-gosling/ports/secrets/contract';
import { createFakeClock, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { checkVault, createVaultSecrets, type VaultLogin, type VaultSecretsOptions } from './index.ts';
import { type FakeVault, startFakeVault, type VaultState } from './testing/fake-vault.ts';

const call = { signal: new AbortController().signal };
const clock = createSystemClock();
const ids = createSystemIds(clock);
const value = new Secret('some value of a secret');

const started: { vault: FakeVault; close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const { vault, close } of started.splice(0)) {
    await close();
    await vault.close();
    expect(vault.complaints).toEqual([]);
  }
});

async function open(
  options: {
    fake?: Parameters<typeof startFakeVault>[0];
    login?: (vault: FakeVault) => VaultLogin;
    more?: Partial<VaultSecretsOptions>;
  } = {},
) {
  const vault = await startFakeVault(options.fake);
  const login = options.login?.(vault) ?? { kind: 'token', token: new Secret(vault.rootToken) };
  const masker = createMasker();
  const given = { address: vault.address, login, clock, ids, masker, ...options.more };
  const secrets = createVaultSecrets(given);
  started.push({ vault, close: () => secrets.close() });
  return { vault, secrets, masker, given };
}

const byRole = (vault: FakeVault): VaultLogin => ({
  kind: 'approle',
  roleId: vault.roleId,
  secretId: new Secret(vault.secretId),
});

describeSecretsContract({
  name: 'Vault (strict fake)',
  create: async () => (await open({ login: byRole })).secrets,
});

describe('createVaultSecrets', () => {
  it('keeps the fields of an Egg in one secret at its mount, where a URI finds them', async () => {
    const { vault, secrets } = await open({
      fake: { mounts: ['team/kv', 'secret'] },
      more: { mount: 'team/kv' },
    });

    await secrets.write('gitlab/host/egg/api-token', value, call);

    expect(vault.requests.at(-1)).toBe('POST /v1/team/kv/data/gitlab/host/egg');
    const uri = 'vault://gitlab/host/egg?mount=team/kv#api-token';
    expect((await secrets.read(uri, call))?.reveal()).toBe(value.reveal());
    expect(await secrets.read('vault://secret/gitlab/host/egg/api-token', call)).toBeUndefined();
  });

  it('reads any field of any secret that a URI names, and earlier versions', async () => {
    const field = fc.stringMatching(/^[A-Za-z0-9_@-][A-Za-z0-9_./@-]{0,30}$/);
    const texts = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 });
    const { secrets } = await open();
    await fc.assert(
      fc.asyncProperty(field, texts, async (key, values) => {
        const at = `vault://secret/apps/${ids.next()}`;
        for (const text of values) await secrets.write(`${at}#${key}`, new Secret(text.toWellFormed()), call);
        const last = values.at(-1)?.toWellFormed();
        expect((await secrets.read(`${at}#${key}`, call))?.reveal()).toBe(last);
        expect((await secrets.read(`${at}?version=1#${key}`, call))?.reveal()).toBe(
          values[0]?.toWellFormed(),
        );
        expect(await secrets.read(`${at}?version=99#${key}`, call)).toBeUndefined();
      }),
      { numRuns: runs(100) },
    );
  });

  it('removes the last field by deleting its version only, and writes there again', async () => {
    const { vault, secrets } = await open();
    await secrets.write('app/token', value, call);
    await secrets.remove('app/token', call);

    expect(vault.requests.at(-1)).toBe('POST /v1/secret/delete/app');
    expect(await secrets.read('app/token', call)).toBeUndefined();
    expect((await secrets.writeIfAbsent('app/token', value, call)).reveal()).toBe(value.reveal());
    expect(await secrets.list('', call)).toEqual(['app/token']);
  });

  it('names its namespace in every call', async () => {
    const { secrets } = await open({
      fake: { namespace: 'team-a' },
      more: { namespace: 'team-a' },
      login: byRole,
    });

    await secrets.write('app/token', value, call);

    expect((await secrets.read('app/token', call))?.reveal()).toBe(value.reveal());
  });
});

describe('the token', () => {
  it('is got once for many calls at a time, and known to the masker', async () => {
    const { vault, secrets, masker } = await open({ login: byRole });

    await Promise.all(Array.from({ length: 10 }, (_, n) => secrets.read(`app/token-${n}`, call)));

    expect(vault.tokensGiven()).toBe(1);
    const shown = vault.requests.join();
    expect(masker.mask(shown)).toBe(shown);
  });

  it('is got anew once when it is refused, and then the refusal is told', async () => {
    const { vault, secrets } = await open({ login: byRole });
    await secrets.write('app/token', value, call);
    vault.revokeAll();

    expect((await secrets.read('app/token', call))?.reveal()).toBe(value.reveal());
    expect(vault.tokensGiven()).toBe(2);

    vault.deny('read');
    const read = secrets.read('app/token', { ...call, role: 'token of egg x' });
    await expect(read).rejects.toMatchObject({
      code: 'SECRET_DENIED',
      message: 'Vault refuses token of egg x: permission denied (403)',
    });
    expect(vault.tokensGiven()).toBe(3);
  });

  it('that was given to us is not changed for another', async () => {
    const { vault, secrets } = await open({
      login: () => ({ kind: 'token', token: new Secret('hvs.not-one-of-them') }),
    });

    await expect(secrets.read('app/token', call)).rejects.toMatchObject({ code: 'SECRET_DENIED' });
    expect(vault.tokensGiven()).toBe(0);
  });

  it('is renewed in the last third of its life, and replaced when it cannot be', async () => {
    const fake = createFakeClock();
    const { vault, secrets } = await open({ login: byRole, more: { clock: fake } });
    await secrets.read('app/token', call);
    const renewals = () => vault.requests.filter((each) => each.includes('renew-self')).length;

    await fake.advance(2_399_000);
    await secrets.read('app/token', call);
    expect(renewals()).toBe(0);
    await fake.advance(2_000);
    await secrets.read('app/token', call);
    expect([renewals(), vault.tokensGiven()]).toEqual([1, 1]);
    vault.setLease(3600, false);
    await fake.advance(2_401_000);
    await secrets.read('app/token', call);
    expect([renewals(), vault.tokensGiven()]).toEqual([2, 2]);
  });

  it('says that the role was refused, without the secret id', async () => {
    const { secrets } = await open({
      login: (vault) => ({
        kind: 'approle',
        roleId: vault.roleId,
        secretId: new Secret('canary77-secret-id'),
      }),
    });

    const refused: unknown = await secrets.read('app/token', call).catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: 'SECRET_DENIED' });
    expect(JSON.stringify([String(refused), refused])).not.toContain('canary77');
  });
});

describe('a Vault that does not serve', () => {
  it.each<[VaultState, string]>([
    ['sealed', 'sealed'],
    ['standby', '429'],
    ['dr-secondary', '472'],
    ['performance-standby', '473'],
    ['uninitialised', '501'],
  ])('%s is a failure of the backend, never a missing secret', async (state, reason) => {
    const { vault, secrets } = await open();
    vault.setState(state);

    await expect(secrets.read('app/token', call)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining(reason),
    });
    await expect(secrets.write('app/token', value, call)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
    });
  });

  it.each([412, 429, 500, 502, 503])('that answers %i twice is asked again', async (status) => {
    const { vault, secrets } = await open();
    await secrets.write('app/token', value, call);
    vault.failNext(status, 2);

    expect((await secrets.read('app/token', call))?.reveal()).toBe(value.reveal());
  });

  it('without the mount, or with an old engine there, is told apart from a missing secret', async () => {
    const { secrets } = await open({ fake: { kv1: ['old'] } });

    for (const uri of ['vault://nowhere/app/token', 'vault://old/app/token']) {
      await expect(secrets.read(uri, call)).rejects.toMatchObject({
        code: 'SECRET_DENIED',
        message: expect.stringContaining('no KV engine of version 2'),
      });
    }
  });

  it('that is not there at all is a failure of the backend', async () => {
    const { vault, given } = await open();
    const gone = createVaultSecrets({ ...given, address: 'http://127.0.0.1:9' });

    await expect(gone.read('app/token', call)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining('does not answer'),
    });
    await gone.close();
    expect(vault.requests).toEqual([]);
  });
});

describe('checkVault', () => {
  it('finds all well, and leaves nothing behind', async () => {
    const { given, secrets } = await open({ login: byRole });

    const checks = await checkVault(given, call);

    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['reach', true],
      ['clock', true],
      ['mount', true],
      ['rights', true],
    ]);
    expect(await secrets.list('', call)).toEqual([]);
  });

  it.each<[string, (vault: FakeVault) => void, Partial<VaultSecretsOptions>]>([
    ['reach', (vault) => vault.setState('sealed'), {}],
    ['mount', () => undefined, { mount: 'elsewhere' }],
    ['mount', () => undefined, { mount: 'old' }],
    ['rights', (vault) => vault.deny('write'), {}],
  ])('says what to do about %s', async (name, harm, more) => {
    const { given, vault } = await open({ login: byRole, fake: { kv1: ['old'] } });
    harm(vault);

    const checks = await checkVault({ ...given, ...more }, call);

    expect(checks.at(-1)).toMatchObject({ name, ok: false, fix: expect.any(String) });
  });

  it('sees a clock that is another', async () => {
    const fake = createFakeClock();
    const { given } = await open();

    const checks = await checkVault({ ...given, clock: fake }, call);

    expect(checks.find(({ name }) => name === 'clock')).toMatchObject({ ok: false, fix: expect.any(String) });
  });
});
