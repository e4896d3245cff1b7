import { createMasker, createSystemClock, createSystemIds, Secret } from '@polar-gosling/kernel';
import { describeSecretsContract } from '@polar-gosling/ports/secrets/contract';
import { describe, expect, it } from 'vitest';
import { checkVault, createVaultSecrets, type VaultSecrets } from './index.ts';

/** A development server will do: `vault server -dev`, with its root token. The mount `secret` is emptied of our names. */
const address = process.env['POLAR_VAULT_ADDR'];
const token = process.env['POLAR_VAULT_TOKEN'] ?? '';
const reason = 'POLAR_VAULT_ADDR names no Vault: the strict fake stands in for it';
const call = { signal: new AbortController().signal };
const clock = createSystemClock();
const ids = createSystemIds(clock);
const opened: VaultSecrets[] = [];

function optionsFor(at: string) {
  const login = { kind: 'token', token: new Secret(token) } as const;
  return { address: at, login, clock, ids, masker: createMasker() };
}

if (address === undefined) {
  describe('secrets contract: Vault', () => {
    it('passes against the real one', ({ skip }) => skip(reason));
  });
} else {
  describeSecretsContract({
    name: 'Vault',
    async create() {
      const secrets = createVaultSecrets(optionsFor(address));
      opened.push(secrets);
      for (const each of await secrets.list('', call)) await secrets.remove(each, call);
      return secrets;
    },
    async close() {
      for (const secrets of opened.splice(0)) await secrets.close();
    },
  });
  describe('checkVault', () => {
    it('finds all well with the real one', async () => {
      const checks = await checkVault(optionsFor(address), call);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    });
  });
}
