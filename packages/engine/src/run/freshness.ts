import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

/** How long a state is taken at its word, and how often it is compared with its cloud at least. */
export const freshForMs = 15 * 60_000;

interface At {
  readonly egg: string;
  readonly shard: number;
}

/** Was the shard's state compared with its cloud not long ago? */
export async function isFresh(
  deps: Pick<InternalDeps, 'store' | 'clock'>,
  at: At,
  options: CallOptions,
): Promise<boolean> {
  const row = await getRow(deps.store, { ...typed.eggState, key: { partition: at.egg } }, options);
  const refreshed: Readonly<Record<string, number>> = row?.refreshed ?? {};
  return deps.clock.now() - (refreshed[at.shard] ?? 0) < freshForMs;
}

/**
 * Notes that a plan has just asked the cloud about every machine of the shard. Where some are gone the state itself
 * says so only after an apply: until a plan finds none, it is not taken at its word, or it would have them removed.
 */
export async function noteRefreshed(
  deps: Pick<InternalDeps, 'store' | 'clock'>,
  at: At & { readonly gone?: readonly string[] | undefined },
  options: CallOptions,
): Promise<void> {
  const hasGone = at.gone !== undefined && at.gone.length > 0;
  await commitDecision(deps.store, `freshness of ${at.egg}`, {
    signal: options.signal,
    decide: async () => {
      const key = { partition: at.egg };
      const row = await getRow(deps.store, { ...typed.eggState, key }, options);
      if (row === undefined) return { unit: undefined, result: undefined };
      const refreshed = { ...row.refreshed, [at.shard]: hasGone ? 0 : deps.clock.now() };
      const when = { kind: 'version', version: row.version } as const;
      return {
        unit: [{ kind: 'update', key: { table: 'egg_state', ...key }, set: { refreshed }, when }],
        result: undefined,
      };
    },
  });
}
