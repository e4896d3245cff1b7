import { defineErrors } from '@polar-gosling/kernel';

/** `place`: table, key and column, never a value. */
export const sealErrors = defineErrors('SEAL', {
  unknownKey: {
    message: (p: { place: string; keyId: string }) =>
      `${p.place} was sealed with the key ${p.keyId}, which the key ring does not hold; restore the secret store/keyring that belongs to this store`,
    http: 500,
    retry: 'never',
  },
  broken: {
    message: (p: { place: string }) =>
      `${p.place} does not open: its bytes were changed, or belong to another row or key ring`,
    http: 500,
    retry: 'never',
    isPoison: true,
  },
});
