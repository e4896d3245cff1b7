/** A sync that removes more than this share, and more than this many, is held. */
export const massDelete = { share: 0.3, count: 3 } as const;

export interface SyncFacts {
  readonly eggs: { readonly before: number; readonly removed: number };
  /** Live runners, and those whose Egg the sync removes. */
  readonly runners: { readonly before: number; readonly removed: number };
  /** Eggs of the new commit. */
  readonly eggsAfter: number;
  /** The new commit is not a descendant of the one in force. */
  readonly isRewind: boolean;
  /** `gosling sync --confirm` was given for this commit. */
  readonly isConfirmed: boolean;
}

export type SyncVerdict =
  | { readonly kind: 'ok' }
  | {
      readonly kind: 'held';
      readonly reasons: readonly { readonly rule: string; readonly why: string }[];
    };

/** Holds a sync that would take away much at once, until a person confirms the commit. */
export function checkSync(facts: SyncFacts): SyncVerdict {
  if (facts.isConfirmed) return { kind: 'ok' };
  const reasons: { rule: string; why: string }[] = [];
  if (facts.isRewind) reasons.push({ rule: 'rewind', why: 'the commit does not follow the one in force' });
  if (facts.eggs.before > 0 && facts.eggsAfter === 0) {
    reasons.push({ rule: 'empties_eggs', why: 'no Egg would be left' });
  }
  for (const kind of ['eggs', 'runners'] as const) {
    const { before, removed } = facts[kind];
    if (removed <= massDelete.count || removed <= before * massDelete.share) continue;
    reasons.push({ rule: `removes_${kind}`, why: `${removed} of ${before} ${kind} would be removed` });
  }
  return reasons.length === 0 ? { kind: 'ok' } : { kind: 'held', reasons };
}
