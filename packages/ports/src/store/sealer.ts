import type { CallOptions } from '../call.ts';

/**
 * Encrypts columns at rest. Authenticated: `open` fails on bytes that were changed or belong to another `context`, with
 * SEAL_BROKEN, and with SEAL_UNKNOWN_KEY on those of a key that it has not.
 */
export interface Sealer {
  /** The sealed form carries the id of its key and a fresh nonce. */
  seal(bytes: Uint8Array, context: string, options: CallOptions): Uint8Array | Promise<Uint8Array>;
  open(sealed: Uint8Array, context: string, options: CallOptions): Uint8Array | Promise<Uint8Array>;
}
