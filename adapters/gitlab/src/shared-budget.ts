import type { Clock, Logger } from '@polar-gosling/kernel';
import type { Store } from '@polar-gosling/ports/store';

/** What our own window knows of a credential's limit. */
export interface SeenLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAtMs: number;
}

/**
 * The calls of one credential, shared by all processes on one store. A process takes them in chunks, so that it writes
 * once for many calls.
 */
export interface SharedBudget {
  /** Spends one call; answers how long it must wait for its turn: 0, or until the window ends (then nothing is spent). */
  spend(key: string, seen: SeenLimit, signal: AbortSignal): Promise<number>;
}

const chunk = 50;
const attempts = 8;

interface Taken {
  calls: number;
  resetAtMs: number;
}

export function createSharedBudget(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}): SharedBudget {
  const mine = new Map<string, Taken>();
  const turns = new Map<string, Promise<number>>();

  async function spendNow(key: string, seen: SeenLimit, signal: AbortSignal): Promise<number> {
    const nowMs = deps.clock.now();
    let taken = mine.get(key);
    if (taken === undefined || taken.calls === 0 || nowMs >= taken.resetAtMs) {
      taken = await takeChunk(deps, { key, seen }, signal);
      mine.set(key, taken);
    }
    if (taken.calls === 0) return Math.max(0, taken.resetAtMs - nowMs);
    taken.calls -= 1;
    return 0;
  }

  return {
    // One after the other: calls that start together take one chunk between them.
    spend(key, seen, signal) {
      const before = turns.get(key) ?? Promise.resolve(0);
      const turn = before.catch(() => 0).then(() => spendNow(key, seen, signal));
      turns.set(key, turn);
      return turn;
    },
  };
}

/** A store that does not answer stops no call: the limit that GitLab tells us still holds. */
async function takeChunk(
  deps: { readonly store: Store; readonly clock: Clock; readonly logger: Logger },
  at: { key: string; seen: SeenLimit },
  signal: AbortSignal,
): Promise<Taken> {
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const taken = await tryTake(deps, at, signal);
      if (taken !== undefined) return taken;
    }
  } catch (error) {
    signal.throwIfAborted();
    deps.logger.warn('a rate budget could not be shared; this process goes by its own', { error });
  }
  return { calls: chunk, resetAtMs: at.seen.resetAtMs };
}

async function tryTake(
  deps: { readonly store: Store; readonly clock: Clock },
  at: { key: string; seen: SeenLimit },
  signal: AbortSignal,
): Promise<Taken | undefined> {
  const { seen } = at;
  const nowMs = deps.clock.now();
  const key = { table: 'budgets', partition: at.key } as const;
  const [row] = await deps.store.get([key], { signal });
  const isOver = row === undefined || nowMs >= Number(row['reset_at']);
  const resetAtMs = isOver ? seen.resetAtMs : Number(row['reset_at']);
  const left = Math.min(isOver ? seen.limit : Number(row['tokens']), Math.max(0, seen.remaining));
  const calls = Math.min(chunk, left);
  if (calls === 0) return { calls, resetAtMs };
  const set = {
    tokens: left - calls,
    reset_at: resetAtMs,
    remaining_reported: seen.remaining,
    ...(isOver ? { refilled_at: nowMs } : {}),
  };
  const when = row
    ? ({ kind: 'version', version: Number(row['version']) } as const)
    : ({ kind: 'absent' } as const);
  const outcome = await deps.store.commit([{ kind: 'update', key, set, when }], { signal });
  return outcome.kind === 'ok' ? { calls, resetAtMs } : undefined;
}
