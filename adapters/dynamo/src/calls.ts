import { type Clock, type IdSource, type Logger, retryDelayMs } from '@polar-gosling/kernel';
import { storeErrors } from '@polar-gosling/ports/store';
import { type Failure, failureOf } from './failures.ts';
import { createRetryBudget } from './retry-budget.ts';

/** What one request came to. */
export type Outcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The one layer that repeats requests: with jitter, within a budget, and only what may be repeated. */
export interface Calls {
  /** A read: repeated after any failure that may pass. Throws STORE_UNAVAILABLE. */
  read<Result>(
    op: string,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result>;
  /** One write, sent once; throws only when the caller gave up. */
  once<Result>(signal: AbortSignal, send: (signal: AbortSignal) => Promise<Result>): Promise<Outcome<Result>>;
  /** Waits before try number `attempt` + 2, where one is left and the budget allows it. */
  mayRepeat(at: { attempt: number; failure: Failure; signal: AbortSignal }): Promise<boolean>;
  /** Waits a little longer each time, without asking the budget. */
  pause(attempt: number, signal: AbortSignal): Promise<void>;
}

const plan = { attempts: 6, baseMs: 50, capMs: 2_000 };

export function createCalls(deps: { clock: Clock; ids: IdSource; logger: Logger }): Calls {
  const { clock, ids, logger } = deps;
  const budget = createRetryBudget();
  const once: Calls['once'] = async (signal, send) => {
    signal.throwIfAborted();
    try {
      const result = await send(signal);
      budget.earn();
      return { kind: 'done', result };
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'failed', failure: failureOf(error) };
    }
  };
  const pause: Calls['pause'] = (attempt, signal) =>
    clock.sleep(retryDelayMs(plan, attempt, ids.random()), signal);
  const mayRepeat: Calls['mayRepeat'] = async ({ attempt, failure, signal }) => {
    if (attempt + 1 >= plan.attempts || !budget.take()) return false;
    logger.debug('a request to the store is repeated', { reason: failure.name, attempt });
    const jittered = retryDelayMs(plan, attempt, ids.random());
    await clock.sleep(Math.max(failure.retryAfterMs, jittered), signal);
    return true;
  };
  return {
    once,
    pause,
    mayRepeat,
    async read(op, signal, send) {
      for (let attempt = 0; ; attempt++) {
        const outcome = await once(signal, send);
        if (outcome.kind === 'done') return outcome.result;
        const { failure } = outcome;
        const mayPass = failure.kind !== 'refused' && failure.kind !== 'invalid';
        if (!mayPass || !(await mayRepeat({ attempt, failure, signal }))) {
          throw storeErrors.unavailable({ op }, { cause: failure.error });
        }
      }
    },
  };
}
