import type { JsonObject } from '@polar-gosling/kernel';
import type { Unit } from '@polar-gosling/ports/store';
import type { UnitOutcome } from './writer.ts';

export interface ThreadStart {
  readonly path: string;
  readonly nowMs: number;
}

/** A unit as it crosses the border: as JSON where that says all of it, since that costs a third of a structured clone. */
export type PackedUnit = string | Unit;

export type ToThread =
  | { readonly kind: 'commit'; readonly units: readonly PackedUnit[]; readonly nowMs: number }
  | { readonly kind: 'close' };

/** `code` and `params` only where the error is one of ours. */
export interface ThreadFailure {
  readonly kind: 'failed';
  readonly reason: string;
  readonly code?: string;
  readonly params?: JsonObject;
}

/** One answer to each message, and one to the start. */
export type FromThread =
  | { readonly kind: 'ready' }
  /** What became of the units that were not simply written, by their place in the group. */
  | { readonly kind: 'done'; readonly others: readonly (readonly [number, UnitOutcome])[] }
  | ThreadFailure;
