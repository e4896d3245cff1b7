import { Secret } from '@polar-gosling/kernel';
import { checkReference, checkSecretValue } from './reference.ts';
import type { SecretStore } from './secret-store.ts';

/** The reference implementation of `SecretStore`; keeps nothing when the process ends. */
export function createMemorySecrets(): SecretStore {
  const values = new Map<string, string>();
  const currentOf = (reference: string): Secret | undefined => {
    const value = values.get(checkReference(reference));
    return value === undefined ? undefined : new Secret(value);
  };
  const set = (reference: string, value: Secret) => {
    values.set(checkReference(reference), checkSecretValue(reference, value).reveal());
  };
  return {
    async read(reference, options) {
      options.signal.throwIfAborted();
      return currentOf(reference);
    },
    async write(reference, value, options) {
      options.signal.throwIfAborted();
      set(reference, value);
    },
    async writeIfAbsent(reference, value, options) {
      options.signal.throwIfAborted();
      const present = currentOf(reference);
      if (present === undefined) set(reference, value);
      return present ?? value;
    },
    async remove(reference, options) {
      options.signal.throwIfAborted();
      values.delete(checkReference(reference));
    },
    async list(prefix, options) {
      options.signal.throwIfAborted();
      return [...values.keys()].filter((reference) => reference.startsWith(prefix)).toSorted();
    },
  };
}
