/** Ids and randomness, injected so that a run can be replayed. */
export interface IdSource {
  /** A new id: 26 characters `[0-9a-z]`, ordered by time of making (ULID in lower case). */
  next(): string;
  /** A random token of `bytes` bytes as base64url. */
  token(bytes: number): string;
  /** A number in [0, 1), for jitter. */
  random(): number;
}
