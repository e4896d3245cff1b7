import { Secret } from '@polar-gosling/kernel';
import { checkSecretValue, localName, roleOf } from './reference.ts';
import type { SecretCall, SecretStore } from './secret-store.ts';

/** The reference implementation of `SecretStore`; keeps nothing when the process ends. */
export function createMemorySecrets(): SecretStore {
  const values = new Map<string, string>();
  const currentOf = (reference: string, options: SecretCall): Secret | undefined => {
    const value = values.get(localName(reference, options.role));
    return value === undefined ? undefined : new Secret(value);
  };
  return {
    async read(reference, options) {
      options.signal.throwIfAborted();
      return currentOf(reference, options);
    },
    async write(reference, value, options) {
      options.signal.throwIfAborted();
      const name = localName(reference, options.role);
      values.set(name, checkSecretValue(roleOf(reference, options), value).reveal());
    },
    async writeIfAbsent(reference, value, options) {
      options.signal.throwIfAborted();
      const present = currentOf(reference, options);
      if (present !== undefined) return present;
      values.set(
        localName(reference, options.role),
        checkSecretValue(roleOf(reference, options), value).reveal(),
      );
      return value;
    },
    async remove(reference, options) {
      options.signal.throwIfAborted();
      values.delete(localName(reference, options.role));
    },
    async list(prefix, options) {
      options.signal.throwIfAborted();
      return [...values.keys()].filter((reference) => reference.startsWith(prefix)).toSorted();
    },
  };
}
