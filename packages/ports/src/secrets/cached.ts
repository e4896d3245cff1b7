import {
  type Clock,
  createSharedCall,
  isCoded,
  type Logger,
  type Masker,
  maskErrors,
  type Secret,
  type SharedCall,
} from '@polar-gosling/kernel';
import { createKeptValues } from './kept-values.ts';
import { secretRole } from './role.ts';
import type { SecretCall, SecretStore } from './secret-store.ts';
import { createSubscriptions } from './subscriptions.ts';

export { stalestMs } from './kept-values.ts';

export interface CachedSecrets extends SecretStore {
  /** The value that the backend has now, whatever is kept; when it does not answer, what is kept stays. */
  refresh(reference: string, options: SecretCall): Promise<Secret | undefined>;
  /** Forgets one value, or all: the next read asks the backend, and subscribers are told of what is new there. */
  invalidate(reference?: string): void;
  /**
   * Calls `changed` when the value is another than before (`undefined`: it is gone): at once for a write through this
   * process, within the TTL for any other. Ends with the answered function.
   */
  subscribe(reference: string, changed: (value: Secret | undefined) => void): () => void;
}

export interface CacheDeps {
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly masker: Masker;
  readonly logger: Logger;
  /** A value older than its TTL was given out because the backend is down. */
  readonly countStale?: () => void;
}

/**
 * Values kept for `ttlMs`; readers of one reference at the same time share one call; each value read is made known to
 * the masker first. That there is no value is never kept, so that `gosling secret put` helps at once. While the
 * backend is down the last value serves on, an hour at most.
 */
export function createCachedSecrets(inner: SecretStore, deps: CacheDeps): CachedSecrets {
  const kept = createKeptValues(deps);
  const learn = createLearner(deps.masker);
  const reads = createReads(async (reference, options, isCurrent) => {
    try {
      const secret = await inner.read(reference, options);
      if (secret !== undefined) learn(reference, secret, options.role);
      // Invalidated meanwhile: the answer may be old, the next reader asks again.
      if (!isCurrent()) return secret;
      if (secret === undefined) kept.forget(reference);
      else kept.keep(reference, secret);
      subscriptions.tell(reference, secret);
      return secret;
    } catch (error) {
      if (!isCurrent() || options.signal.aborted || !isCoded(error)) throw error;
      return kept.bridge(reference, error);
    }
  });
  const subscriptions = createSubscriptions({ ...deps, read: reads.join });
  const forget = (reference: string) => {
    kept.forget(reference);
    reads.forget(reference);
  };
  const change = async <Result>(reference: string, action: () => Promise<Result>): Promise<Result> => {
    try {
      return await action();
    } finally {
      forget(reference);
    }
  };

  return {
    async read(reference, options) {
      options.signal.throwIfAborted();
      return kept.current(reference) ?? reads.join(reference, options);
    },
    async refresh(reference, options) {
      options.signal.throwIfAborted();
      const secret = await inner.read(reference, options);
      forget(reference);
      if (secret !== undefined) {
        learn(reference, secret, options.role);
        kept.keep(reference, secret);
      }
      subscriptions.tell(reference, secret);
      return secret;
    },
    async write(reference, value, options) {
      learn(reference, value, options.role);
      await change(reference, () => inner.write(reference, value, options));
      subscriptions.tell(reference, value);
    },
    async writeIfAbsent(reference, value, options) {
      learn(reference, value, options.role);
      const present = await change(reference, () => inner.writeIfAbsent(reference, value, options));
      learn(reference, present, options.role);
      subscriptions.tell(reference, present);
      return present;
    },
    async remove(reference, options) {
      await change(reference, () => inner.remove(reference, options));
      subscriptions.tell(reference, undefined);
    },
    list: (prefix, options) => inner.list(prefix, options),
    invalidate(reference) {
      const references =
        reference === undefined ? [...kept.references(), ...reads.references()] : [reference];
      for (const each of references) forget(each);
      subscriptions.wake(reference);
    },
    subscribe: subscriptions.add,
  };
}

/** Makes each value known to the masker once. SECRET_TOO_SHORT names it by its role. */
function createLearner(
  masker: Masker,
): (reference: string, secret: Secret, role: string | undefined) => void {
  const masked = new Map<string, string>();
  return (reference, secret, role) => {
    if (masked.get(reference) === secret.reveal()) return;
    try {
      masker.add(secret);
    } catch (error) {
      if (!isCoded(error, 'SECRET_TOO_SHORT')) throw error;
      const least = Number(error.params['least']);
      throw maskErrors.tooShort({ least, role: role ?? secretRole(reference) }, { cause: error });
    }
    masked.set(reference, secret.reveal());
  };
}

type Read = SharedCall<Secret | undefined>;

/** One call at a time for each reference, which all its readers wait for. */
function createReads(
  call: (reference: string, options: SecretCall, isCurrent: () => boolean) => Promise<Secret | undefined>,
) {
  const reads = new Map<string, Read>();
  const start = (reference: string, role: string | undefined): Read => {
    const read: Read = createSharedCall(async (signal) => {
      const isCurrent = () => reads.get(reference) === read;
      try {
        return await call(reference, role === undefined ? { signal } : { signal, role }, isCurrent);
      } finally {
        if (isCurrent()) reads.delete(reference);
      }
    });
    reads.set(reference, read);
    return read;
  };
  return {
    join(reference: string, { signal, role }: SecretCall): Promise<Secret | undefined> {
      const running = reads.get(reference);
      const isShared = running !== undefined && !running.isAbandoned();
      return (isShared ? running : start(reference, role)).join(signal);
    },
    forget: (reference: string) => reads.delete(reference),
    references: () => [...reads.keys()],
  };
}
