/** Encrypts columns at rest. Authenticated: `open` fails on bytes that were changed or belong to another `context`. */
export interface Sealer {
  /** The sealed form carries the id of its key and a fresh nonce. */
  seal(bytes: Uint8Array, context: string): Uint8Array;
  open(sealed: Uint8Array, context: string): Uint8Array;
}
