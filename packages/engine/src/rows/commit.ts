import { type CallOptions, type Store, storeErrors, type Unit } from '@polar-gosling/ports/store';

const attempts = 8;

/**
 * Reads, decides and commits until no other writer came between: `decide` reads what it needs and answers the unit
 * (or `undefined`: nothing to do) with the result.
 */
export async function commitDecision<Result>(
  store: Store,
  what: string,
  options: CallOptions & { decide(): Promise<{ unit: Unit | undefined; result: Result }> },
): Promise<Result> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    options.signal.throwIfAborted();
    const { unit, result } = await options.decide();
    if (unit === undefined || unit.length === 0) return result;
    const outcome = await store.commit(unit, options);
    if (outcome.kind === 'ok') return result;
  }
  throw storeErrors.contended({ what, attempts });
}
