import { type Clock, isCoded, type Logger } from '@polar-gosling/kernel';
import { storeErrors } from './errors.ts';
import type { ReadOnly } from './store.ts';

/**
 * Remembers that the engine refuses writes, so that callers hear it at once instead of each waiting for it. One of
 * every store: after 5 s of refusals it takes no writes (STORE_READ_ONLY), one try a second finds out whether it is
 * over, and the first that succeeds opens it again.
 */
export interface WriteGate {
  /**
   * Runs one write. What it throws becomes STORE_UNAVAILABLE or STORE_READ_ONLY with the reason, unless it says
   * something of the caller's unit or the caller gave up.
   */
  run<Result>(write: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
  /** Since when and why no writes are taken; `undefined` while they are. */
  readOnly(): ReadOnly | undefined;
}

const readOnlyAfterMs = 5_000;
const probeEveryMs = 1_000;
/** Faults of one caller's unit: they say nothing of the engine. */
const callers: ReadonlySet<string> = new Set(['STORE_BAD_UNIT', 'STORE_ITEM_TOO_BIG', 'STORE_CONTENDED']);

export function createWriteGate(deps: { clock: Clock; logger: Logger }): WriteGate {
  const { clock, logger } = deps;
  let refused: (ReadOnly & { firstTry: number; lastFailure: number; lastTry: number }) | undefined;

  // By its failures, not by the time that passed: one refusal in a quiet hour is no hour of refusals.
  const readOnly = (): ReadOnly | undefined => {
    if (refused === undefined || refused.lastFailure - refused.firstTry < readOnlyAfterMs) return undefined;
    return { reason: refused.reason, since: refused.since };
  };
  const mayTry = () => {
    if (refused === undefined || readOnly() === undefined) return true;
    if (clock.monotonic() - refused.lastTry < probeEveryMs) return false;
    refused.lastTry = clock.monotonic();
    return true;
  };
  const refusal = (cause: unknown) => {
    const closed = readOnly();
    if (closed !== undefined) return storeErrors.readOnly({ reason: closed.reason }, { cause });
    return isCoded(cause, 'STORE_UNAVAILABLE') ? cause : storeErrors.unavailable({ op: 'commit' }, { cause });
  };
  const failed = (error: unknown, startedAt: number) => {
    const wasReadOnly = readOnly() !== undefined;
    if (refused === undefined) logger.warn('the store refused writes', { error });
    const now = clock.monotonic();
    refused = {
      firstTry: refused?.firstTry ?? startedAt,
      since: refused?.since ?? clock.now() - (now - startedAt),
      lastFailure: now,
      lastTry: now,
      reason: reasonOf(error),
    };
    if (readOnly() !== undefined && !wasReadOnly) logger.error('the store takes no writes', { error });
  };
  const succeeded = () => {
    if (readOnly() !== undefined) logger.info('the store takes writes again');
    refused = undefined;
  };

  return {
    readOnly,
    async run(write, signal) {
      if (!mayTry()) throw refusal(undefined);
      const startedAt = clock.monotonic();
      try {
        const result = await write();
        succeeded();
        return result;
      } catch (error) {
        if (signal.aborted || (isCoded(error) && callers.has(error.code))) throw error;
        failed(error, startedAt);
        throw refusal(error);
      }
    },
  };
}

/** The innermost reason: the layers above only say that the store did not answer. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === 'object' && cause !== null && 'reason' in cause) return String(cause.reason);
  if (cause instanceof Error) return reasonOf(cause);
  return error instanceof Error ? error.message : String(error);
}
