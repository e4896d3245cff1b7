import { type Clock, isCoded, type Logger, type Secret } from '@polar-gosling/kernel';
import type { SecretCall } from './secret-store.ts';

type Changed = (value: Secret | undefined) => void;

export interface Subscriptions {
  add(reference: string, changed: Changed): () => void;
  /** This is the value now; who knew another one is told. */
  tell(reference: string, value: Secret | undefined): void;
  /** Asks now and not only when the time comes, for one reference or all. */
  wake(reference?: string): void;
}

interface Watch {
  readonly listeners: Set<Changed>;
  readonly end: AbortController;
  known: { readonly text: string | undefined } | undefined;
}

/** Asks the backend by `read` for each reference that has a listener, so often that no change stays unseen for `ttlMs`. */
export function createSubscriptions(deps: {
  clock: Clock;
  ttlMs: number;
  logger: Logger;
  read: (reference: string, options: SecretCall) => Promise<Secret | undefined>;
}): Subscriptions {
  const watches = new Map<string, Watch>();

  const look = async (reference: string, { end }: Watch): Promise<void> => {
    try {
      tell(reference, await deps.read(reference, { signal: end.signal }));
    } catch (error) {
      // The reader logs an outage once; what else is wrong meets whoever needs the value.
      if (!isCoded(error)) deps.logger.debug('a watched secret could not be read', { error });
    }
  };
  const watch = async (reference: string, at: Watch): Promise<void> => {
    while (!at.end.signal.aborted) {
      await look(reference, at);
      // Ends with the subscription.
      await deps.clock.sleep(Math.floor(deps.ttlMs * 0.9), at.end.signal).catch(() => undefined);
    }
  };
  const tell = (reference: string, value: Secret | undefined) => {
    const at = watches.get(reference);
    if (at === undefined) return;
    const text = value?.reveal();
    const isNew = at.known !== undefined && at.known.text !== text;
    at.known = { text };
    if (!isNew) return;
    for (const listener of at.listeners) listener(value);
  };

  return {
    add(reference, changed) {
      let at = watches.get(reference);
      if (at === undefined) {
        at = { listeners: new Set(), end: new AbortController(), known: undefined };
        watches.set(reference, at);
        void watch(reference, at);
      }
      const { listeners, end } = at;
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
        if (listeners.size > 0 || watches.get(reference)?.listeners !== listeners) return;
        watches.delete(reference);
        end.abort();
      };
    },
    tell,
    wake(reference) {
      for (const [name, at] of watches) {
        if (reference === undefined || name === reference) void look(name, at);
      }
    },
  };
}
