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

/** The message that makes a worker run it. */
export function runOfSet(set: LongLivedSet): { readonly kind: 'run'; readonly key: string } {
  return { kind: 'run', key: `${set}#${shardOfSet}` };
}
