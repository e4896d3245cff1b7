/** Last argument of every method of a port. */
export interface CallOptions {
  readonly signal: AbortSignal;
}
