/**
 * Long-lived sets of resources: deployed as a whole and changed in place, where an Egg's machines come and go. Their
 * names are reserved, so that no Egg has one.
 */
export const longLivedSets = ['rift'] as const;
export type LongLivedSet = (typeof longLivedSets)[number];

export function isLongLived(name: string): name is LongLivedSet {
  return (longLivedSets as readonly string[]).includes(name);
}

/** A set is one state: its only shard. */
export const shardOfSet = 0;
