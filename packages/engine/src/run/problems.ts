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
  at: { egg: string; slot: string; problem?: { code: string; detail: string } | undefined },
  options: CallOptions,
): Promise<void> {
  await commitDecision(deps.store, `problems of ${at.egg}`, {
    signal: options.signal,
    decide: async () => {
      const row = await getRow(deps.store, { ...typed.eggState, key: { partition: at.egg } }, options);
      const before: Record<string, unknown> = row?.problems ?? {};
      const had = before[at.slot];
      const isSame = JSON.stringify(strip(had)) === JSON.stringify(at.problem);
      if (isSame) return { unit: undefined, result: undefined };
      const { [at.slot]: _old, ...others } = before;
      const since = deps.clock.now();
      const problems = at.problem ? { ...others, [at.slot]: { ...at.problem, since } } : others;
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
  const { since: _since, ...rest } = Object.fromEntries(Object.entries(had));
  return rest;
}
