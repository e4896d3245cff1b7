import type { CallOptions } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/**
 * Notes what hinders an Egg now under `slot` (one per part of the system), or that nothing does (`problem` absent).
 * Shown by status and `why` until it is taken back.
 */
export async function noteProblem(
  deps: EngineDeps,
  at: {
    egg: string;
    slot: string;
    problem?: { code: string; detail: string } | undefined;
    /** Notes on `at` when it was met last, though the words are the same. */
    isDated?: boolean;
  },
  options: CallOptions,
): Promise<void> {
  await commitDecision(deps.store, `problems of ${at.egg}`, {
    signal: options.signal,
    decide: async () => {
      const row = await getRow(deps.store, { ...typed.eggState, key: { partition: at.egg } }, options);
      const before: Record<string, unknown> = row?.problems ?? {};
      const had = before[at.slot];
      const isSame = JSON.stringify(strip(had)) === JSON.stringify(at.problem);
      if (isSame && !at.isDated) return { unit: undefined, result: undefined };
      const { [at.slot]: _old, ...others } = before;
      const now = deps.clock.now();
      const dates = { since: isSame ? sinceOf(had, now) : now, ...(at.isDated ? { at: now } : {}) };
      const problems = at.problem ? { ...others, [at.slot]: { ...at.problem, ...dates } } : others;
      const key = { table: 'egg_state', partition: at.egg } as const;
      const when = row ? ({ kind: 'version', version: row.version } as const) : ({ kind: 'absent' } as const);
      return {
        unit: [{ kind: 'update', key, set: { problems: JSON.parse(JSON.stringify(problems)) }, when }],
        result: undefined,
      };
    },
  });
}

function strip(had: unknown): unknown {
  if (typeof had !== 'object' || had === null) return undefined;
  const { since: _since, at: _at, ...rest } = Object.fromEntries(Object.entries(had));
  return rest;
}

function sinceOf(had: unknown, now: number): number {
  return typeof had === 'object' && had !== null && 'since' in had ? Number(had.since) : now;
}
