import type { CallOptions } from '@polar-gosling/ports/store';
import type { TofuOutcome } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';

/**
 * Counts the applies in a row that found no capacity where they asked, so that the next launch asks elsewhere; one that
 * made its machines begins anew with the first choice. Other failures say nothing of capacity.
 */
export async function noteCapacity(
  deps: InternalDeps,
  at: { readonly egg: string; readonly outcome: TofuOutcome },
  options: CallOptions,
): Promise<void> {
  const { egg, outcome } = at;
  const isFull = outcome.kind === 'failed' && outcome.class === 'fallback';
  if (!isFull && outcome.kind !== 'ok') return;
  const key = { table: 'egg_state', partition: egg } as const;
  const change = isFull ? { add: { without_capacity: 1 } } : { set: { without_capacity: 0 } };
  await deps.store.commit([{ kind: 'update', key, ...change, when: { kind: 'present' } }], options);
}
