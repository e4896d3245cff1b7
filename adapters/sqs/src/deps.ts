import type { Clock, IdSource, Logger } from '@polar-gosling/kernel';
import type { Store } from '@polar-gosling/ports/store';
import type { SqsCalls } from './calls.ts';

/** What every part of the queue works with. */
export interface SqsDeps {
  readonly calls: SqsCalls;
  readonly url: string;
  /** Where SQS itself puts what was given out too often. */
  readonly dlqUrl: string | undefined;
  /** Sends what is committed through it. */
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
}

/** SQS hides a message at most so long, and counts whole seconds. */
const longestHideSeconds = 43_000;

export function toSeconds(ms: number): number {
  return Math.min(longestHideSeconds, Math.max(0, Math.ceil(ms / 1_000)));
}
