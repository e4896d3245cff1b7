import type { Clock, Masker, Secret } from '@polar-gosling/kernel';
import type { SecretStore } from './secret-store.ts';
import { createSharedRead, type SharedRead } from './shared-read.ts';

export interface CachedSecrets extends SecretStore {
  /** Forgets one value, or all: the next read asks the backend. */
  invalidate(reference?: string): void;
}

interface Cached {
  readonly secret: Secret;
  readonly endsAt: number;
}

/**
 * Values kept for `ttlMs`; readers of one reference at the same time share one call; each value read is made known to
 * the masker first. That there is no value is never kept, so that `gosling secret put` helps at once.
 */
export function createCachedSecrets(
  inner: SecretStore,
  deps: { clock: Clock; ttlMs: number; masker: Masker },
): CachedSecrets {
  const cached = new Map<string, Cached>();
  const reads = new Map<string, SharedRead<Secret | undefined>>();
  const masked = new Map<string, string>();

  const forget = (reference: string) => {
    cached.delete(reference);
    reads.delete(reference);
  };
  const keep = (reference: string, secret: Secret) => {
    cached.set(reference, { secret, endsAt: deps.clock.monotonic() + deps.ttlMs });
  };
  const learn = (reference: string, secret: Secret) => {
    if (masked.get(reference) === secret.reveal()) return;
    deps.masker.add(secret);
    masked.set(reference, secret.reveal());
  };
  const startRead = (reference: string): SharedRead<Secret | undefined> => {
    const read: SharedRead<Secret | undefined> = createSharedRead(async (signal) => {
      try {
        const secret = await inner.read(reference, { signal });
        if (secret !== undefined) learn(reference, secret);
        // Invalidated meanwhile: the answer may be old, the next reader asks again.
        if (secret !== undefined && reads.get(reference) === read) keep(reference, secret);
        return secret;
      } finally {
        if (reads.get(reference) === read) reads.delete(reference);
      }
    });
    reads.set(reference, read);
    return read;
  };

  return {
    async read(reference, options) {
      options.signal.throwIfAborted();
      const found = cached.get(reference);
      if (found !== undefined && deps.clock.monotonic() < found.endsAt) return found.secret;
      const running = reads.get(reference);
      const read = running === undefined || running.isAbandoned() ? startRead(reference) : running;
      return read.join(options.signal);
    },
    async write(reference, value, options) {
      learn(reference, value);
      try {
        await inner.write(reference, value, options);
      } finally {
        forget(reference);
      }
    },
    async writeIfAbsent(reference, value, options) {
      learn(reference, value);
      const present = await inner.writeIfAbsent(reference, value, options);
      learn(reference, present);
      forget(reference);
      return present;
    },
    async remove(reference, options) {
      try {
        await inner.remove(reference, options);
      } finally {
        forget(reference);
      }
    },
    list: (prefix, options) => inner.list(prefix, options),
    invalidate(reference) {
      const references = reference === undefined ? [...cached.keys(), ...reads.keys()] : [reference];
      for (const each of references) forget(each);
    },
  };
}
