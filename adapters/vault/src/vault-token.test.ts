import { createMasker, Secret } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import type { VaultAnswer, VaultCall } from './vault-calls.ts';
import { createVaultToken } from './vault-token.ts';

const callOf = (signal: AbortSignal): VaultCall => ({ signal, role: 'a secret', op: 'unreadable' });

it('is got for the others though the first who wanted it gave up', async () => {
  const answer = Promise.withResolvers<VaultAnswer>();
  let logins = 0;
  const token = createVaultToken({
    login: { kind: 'approle', roleId: 'role', secretId: new Secret('secret-id-of-a-role') },
    clock: createFakeClock(),
    masker: createMasker(),
    exchange: (_request, _token, { signal }) => {
      logins++;
      const gone = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      return Promise.race([answer.promise, gone]);
    },
  });
  const hasty = new AbortController();
  const first = token.current(callOf(hasty.signal));
  const second = token.current(callOf(new AbortController().signal));

  hasty.abort(new RangeError('no patience'));
  await expect(first).rejects.toThrow('no patience');
  const auth = { client_token: 'hvs.token-of-a-login', lease_duration: 3_600, renewable: true };
  answer.resolve({ status: 200, body: { auth }, date: undefined });

  expect((await second).reveal()).toBe('hvs.token-of-a-login');
  expect(logins).toBe(1);
});
