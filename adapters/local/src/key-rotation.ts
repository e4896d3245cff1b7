import type { SecretStore } from '@polar-gosling/ports/secrets';
import type { CallOptions } from '@polar-gosling/ports/store';
import {
  type KeyRing,
  newRing,
  readRing,
  ringReference,
  ringToSecret,
  withActiveOnly,
  withNewKey,
} from './key-ring.ts';

export interface BegunRotation {
  readonly kind: 'begun' | 'resumed';
  /** The key that is in force. */
  readonly activeId: string;
  /** Since when every process that asks for the ring gets the new key, ms. */
  readonly sinceMs: number;
}

/**
 * Puts a new key in force and keeps the others, which open what they sealed. A rotation that was begun and not ended
 * is gone on with: no further key is made. One caller at a time; `secrets` is the backend itself, no cache.
 */
export async function beginKeyRotation(
  secrets: SecretStore,
  nowMs: number,
  options: CallOptions,
): Promise<BegunRotation> {
  const stored = await secrets.read(ringReference, options);
  const ring = readRing(stored ?? (await secrets.writeIfAbsent(ringReference, newRing(), options)));
  const isBegun = ring.keys.size > 1;
  if (isBegun && ring.sinceMs !== undefined) {
    return { kind: 'resumed', activeId: ring.active, sinceMs: ring.sinceMs };
  }
  const next: KeyRing = isBegun ? { ...ring, sinceMs: nowMs } : withNewKey(ring, nowMs);
  await secrets.write(ringReference, ringToSecret(next), options);
  return { kind: isBegun ? 'resumed' : 'begun', activeId: next.active, sinceMs: nowMs };
}

/** Forgets every key but `activeId`. Call it when a whole pass found nothing sealed with another. */
export async function endKeyRotation(
  secrets: SecretStore,
  activeId: string,
  options: CallOptions,
): Promise<void> {
  const stored = await secrets.read(ringReference, options);
  if (stored === undefined) return;
  const ring = readRing(stored);
  // The ring is another than the one the pass was made for: nothing is known of its keys.
  if (ring.active !== activeId || ring.keys.size < 2) return;
  await secrets.write(ringReference, ringToSecret(withActiveOnly(ring)), options);
}
