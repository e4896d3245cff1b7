import { findDefinitions } from '../definitions.ts';
import type { Snapshot } from '../snapshot.ts';

/** The attribute whose items are names of Eggs and EggsBuckets. */
export const poolNames = 'eggs_entities';
export const poolKinds: readonly string[] = ['egg', 'eggsbucket'];

/** Names of a kind in the Nest, each once. */
export function namesOf({ nest }: Snapshot, kinds: readonly string[]): string[] {
  const found = findDefinitions(nest).filter(({ kind }) => kinds.includes(kind));
  return [...new Set(found.map(({ name }) => name))].toSorted();
}
