import { looksLikeSecretUri, parseSecretUri, type SecretBackend } from '@polar-gosling/kernel';
import { secretErrors } from './errors.ts';
import { roleOf } from './reference.ts';
import type { SecretCall, SecretStore } from './secret-store.ts';

/** Opens a backend when it is first needed; a text says what the process lacks to reach it. */
export type SecretBackends = Readonly<Record<SecretBackend, SecretStore | string>>;

/**
 * References of the layout go to the installation's backend, URIs to the one they name. Fails with SECRET_NO_BACKEND
 * for a backend that this process was not told how to reach, SECRET_BAD_REFERENCE for what is no reference.
 */
export function createSecretRouter(deps: { home: SecretBackend; backends: SecretBackends }): SecretStore {
  const backendOf = (reference: string, options: SecretCall): SecretStore => {
    const backend = looksLikeSecretUri(reference) ? backendIn(reference, options) : deps.home;
    const store = deps.backends[backend];
    if (typeof store !== 'string') return store;
    throw secretErrors.noBackend({ role: roleOf(reference, options), backend, fix: store });
  };
  return {
    read: async (reference, options) => backendOf(reference, options).read(reference, options),
    write: async (reference, value, options) =>
      backendOf(reference, options).write(reference, value, options),
    writeIfAbsent: async (reference, value, options) =>
      backendOf(reference, options).writeIfAbsent(reference, value, options),
    remove: async (reference, options) => backendOf(reference, options).remove(reference, options),
    async list(prefix, options) {
      if (!looksLikeSecretUri(prefix)) return backendOf('', options).list(prefix, options);
      const problem = 'references are listed by how they begin, without a scheme';
      throw secretErrors.badReference({ role: 'secrets of your own', problem });
    },
  };
}

function backendIn(reference: string, options: SecretCall): SecretBackend {
  const result = parseSecretUri(reference);
  if (result.kind === 'ok') return result.uri.backend;
  throw secretErrors.badReference({ role: roleOf(reference, options), problem: result.problem });
}
