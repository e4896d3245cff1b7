import { describe, expect, it } from 'vitest';
import { checkSync, type SyncFacts } from './sync-guard.ts';

function someFacts(over: Partial<SyncFacts> = {}): SyncFacts {
  return {
    eggs: { before: 20, removed: 0 },
    runners: { before: 40, removed: 0 },
    eggsAfter: 20,
    isRewind: false,
    isConfirmed: false,
    ...over,
  };
}

function rulesOf(over: Partial<SyncFacts>): string[] {
  const verdict = checkSync(someFacts(over));
  return verdict.kind === 'ok' ? [] : verdict.reasons.map(({ rule }) => rule);
}

describe('checkSync', () => {
  it('lets ordinary syncs pass', () => {
    expect(checkSync(someFacts())).toEqual({ kind: 'ok' });
  });

  it('holds only what is both more than 30 % and more than 3', () => {
    expect(rulesOf({ eggs: { before: 20, removed: 6 } })).toEqual([]);
    expect(rulesOf({ eggs: { before: 20, removed: 7 } })).toEqual(['removes_eggs']);
    expect(rulesOf({ eggs: { before: 4, removed: 3 } })).toEqual([]);
    expect(rulesOf({ eggs: { before: 4, removed: 4 } })).toEqual(['removes_eggs']);
    expect(rulesOf({ runners: { before: 10, removed: 5 } })).toEqual(['removes_runners']);
  });

  it('holds a commit that leaves no Egg, but not the first of an empty Nest', () => {
    expect(rulesOf({ eggs: { before: 1, removed: 1 }, eggsAfter: 0 })).toEqual(['empties_eggs']);
    expect(rulesOf({ eggs: { before: 0, removed: 0 }, eggsAfter: 0 })).toEqual([]);
  });

  it('holds a rewound branch', () => {
    expect(rulesOf({ isRewind: true })).toEqual(['rewind']);
  });

  it('lets a confirmed commit pass whatever it removes', () => {
    const all = { eggs: { before: 20, removed: 20 }, eggsAfter: 0, isRewind: true };

    expect(rulesOf(all)).toEqual(['rewind', 'empties_eggs', 'removes_eggs']);
    expect(rulesOf({ ...all, isConfirmed: true })).toEqual([]);
  });
});
