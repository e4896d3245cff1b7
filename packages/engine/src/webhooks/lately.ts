import type { Clock } from '@polar-gosling/kernel';
import type { WebhookTokenRow } from '@polar-gosling/ports/store';

/** What was read of a key a moment ago, so that a burst of deliveries reads it once. */
export interface Lately<Value> {
  /** Absent: never read, or too long ago. */
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/** What decides whether a delivery is taken. */
export interface LatelyRead {
  /** By hash of a token; tokens that nobody has are not kept. */
  readonly grants: Lately<readonly WebhookTokenRow[]>;
  /** By project: must its deliveries be signed? */
  readonly signing: Lately<boolean>;
}

const keptMs = 1_000;
/** So many keys in one moment are no burst of few projects: then all are read again. */
const mostKeys = 10_000;

export function createLatelyRead(clock: Clock): LatelyRead {
  return { grants: createLately(clock), signing: createLately(clock) };
}

function createLately<Value>(clock: Clock): Lately<Value> {
  const known = new Map<string, { readonly value: Value; readonly at: number }>();
  return {
    get(key) {
      const found = known.get(key);
      return found !== undefined && clock.monotonic() - found.at <= keptMs ? found.value : undefined;
    },
    set(key, value) {
      if (known.size >= mostKeys) known.clear();
      known.set(key, { value, at: clock.monotonic() });
    },
  };
}
