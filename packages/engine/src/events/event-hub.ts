import type { Clock } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { RunEvent } from '../api/events.ts';

/** A reader that is so far behind gets no more: it reads the rows and watches anew. */
const mostWaiting = 1_000;
const quietMs = 15_000;

/** Passes what happens on to whoever watches at that moment. */
export interface EventHub {
  publish(event: RunEvent): void;
  watch(
    isWanted: (event: RunEvent) => boolean,
    at: { readonly clock: Clock },
    options: CallOptions,
  ): AsyncGenerator<RunEvent | undefined>;
}

export function createEventHub(): EventHub {
  const watchers = new Set<(event: RunEvent) => void>();
  return {
    publish(event) {
      for (const tell of watchers) tell(event);
    },
    async *watch(isWanted, { clock }, { signal }) {
      const waiting: RunEvent[] = [];
      let isBehind = false;
      let wake = () => {};
      const tell = (event: RunEvent) => {
        if (!isWanted(event)) return;
        if (waiting.length >= mostWaiting) isBehind = true;
        else waiting.push(event);
        wake();
      };
      watchers.add(tell);
      try {
        while (!isBehind && !signal.aborted) {
          const next = waiting.shift();
          if (next !== undefined) {
            yield next;
            continue;
          }
          const quiet = new AbortController();
          wake = () => quiet.abort();
          const isQuiet = await clock.sleep(quietMs, AbortSignal.any([signal, quiet.signal])).then(
            () => true,
            () => false,
          );
          if (isQuiet) yield undefined;
        }
      } finally {
        watchers.delete(tell);
      }
    },
  };
}
