import type { CallOptions, ProgressLine } from '@polar-gosling/ports/store';
import type { Caller } from './caller.ts';

/** What happened in a run just now: its state changed, or OpenTofu told something. */
export interface RunEvent {
  readonly runId: string;
  readonly egg: string;
  readonly shard: number;
  readonly state?: string;
  /** `number` counts the lines of a run from 1; the row keeps the last ones. */
  readonly line?: ProgressLine & { readonly number: number };
}

/** What happens in this process, as it happens. Nothing is kept: what was missed stands in the rows. */
export interface Events {
  /**
   * Events that this caller may see, until `signal`; `undefined` when nothing happened for a while. Ends by itself when
   * its reader is too slow.
   */
  watch(
    caller: Caller,
    request: { readonly egg?: string | undefined },
    options: CallOptions,
  ): AsyncIterable<RunEvent | undefined>;
}
