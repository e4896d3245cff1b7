import { type Clock, isCoded, type Logger, type Secret } from '@polar-gosling/kernel';

/** The last value of each reference, and how long it serves. */
export interface KeptValues {
  /** The value while it is fresh, or while the backend is not asked because it is down. */
  current(reference: string): Secret | undefined;
  keep(reference: string, secret: Secret): void;
  forget(reference: string): void;
  /** The last value in the place of an answer; throws the failure when it is too old or the backend is not down. */
  bridge(reference: string, failure: unknown): Secret;
  references(): readonly string[];
}

interface Kept {
  readonly secret: Secret;
  readonly readAt: number;
  /** When the backend is asked next; later than the TTL only while it is down. */
  readonly askAt: number;
}

/** A value is never given out longer than this after it was read. */
export const stalestMs = 60 * 60_000;
/** So long a backend that is down is not asked again: each try may take as long as its timeout. */
const pauseMs = 10_000;

export function createKeptValues(deps: {
  clock: Clock;
  ttlMs: number;
  logger: Logger;
  countStale?: () => void;
}): KeptValues {
  const kept = new Map<string, Kept>();
  const stale = new Set<string>();
  const count = () => deps.countStale?.();

  return {
    current(reference) {
      const found = kept.get(reference);
      const now = deps.clock.monotonic();
      if (found === undefined || now >= found.askAt) return undefined;
      if (now - found.readAt >= deps.ttlMs) count();
      return found.secret;
    },
    keep(reference, secret) {
      const readAt = deps.clock.monotonic();
      kept.set(reference, { secret, readAt, askAt: readAt + deps.ttlMs });
      if (stale.delete(reference)) deps.logger.info('a secret can be read again', {});
    },
    forget: (reference) => kept.delete(reference),
    bridge(reference, failure) {
      const found = kept.get(reference);
      const now = deps.clock.monotonic();
      if (found !== undefined && now < found.askAt) return found.secret;
      if (found === undefined || !isCoded(failure, 'SECRET_UNREADABLE') || now - found.readAt > stalestMs) {
        kept.delete(reference);
        throw failure;
      }
      kept.set(reference, { ...found, askAt: Math.min(now + pauseMs, found.readAt + stalestMs) });
      if (!stale.has(reference)) {
        stale.add(reference);
        deps.logger.warn('a secret cannot be read; its last value serves on', { error: failure });
      }
      count();
      return found.secret;
    },
    references: () => [...kept.keys()],
  };
}
