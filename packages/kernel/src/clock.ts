/** Time, injected so that hours can be simulated in a millisecond. */
export interface Clock {
  /** Wall clock, ms since 1970 UTC; may jump. */
  now(): number;
  /** Ms since some start; never goes back. For durations and lease watching. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted before. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
