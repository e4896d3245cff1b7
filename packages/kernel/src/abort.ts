import type { Clock } from './clock.ts';
import { kernelErrors } from './kernel-errors.ts';

/** A signal that ends with `signal` or after `timeoutMs` of the host's time, whichever is first. */
export function deadline(signal: AbortSignal, timeoutMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

/** A controller that is aborted with `signal`; used where siblings must end on the first failure. */
export function linkAbort(signal: AbortSignal): { signal: AbortSignal; abort(reason?: unknown): void } {
  const controller = new AbortController();
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    abort: (reason) => controller.abort(reason),
  };
}

/**
 * What `action` answers, or KERNEL_TIMED_OUT after `timeoutMs` of the clock. Its signal is aborted then, and with
 * `signal`; an action that hears neither is left behind when its time is over.
 */
export async function withinTime<Result>(
  options: { clock: Clock; timeoutMs: number; what: string; signal: AbortSignal },
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { clock, timeoutMs, what } = options;
  const { signal, abort } = linkAbort(options.signal);
  const ended = new AbortController();
  const late = async (): Promise<never> => {
    await clock.sleep(timeoutMs, ended.signal);
    const error = kernelErrors.timedOut({ what, waitedMs: timeoutMs });
    abort(error);
    throw error;
  };
  try {
    return await new Promise<Result>((resolve, reject) => {
      action(signal).then(resolve, reject);
      late().catch(reject);
    });
  } finally {
    ended.abort();
  }
}

/**
 * Runs `action` over `items`, at most `limit` at once, results in the order of the items.
 * The first failure aborts the others; they are waited for before it is thrown.
 */
export async function mapLimit<Item, Result>(
  items: readonly Item[],
  options: { limit: number; signal: AbortSignal },
  action: (item: Item, signal: AbortSignal, index: number) => Promise<Result>,
): Promise<Result[]> {
  const { signal, abort } = linkAbort(options.signal);
  const results: Result[] = [];
  let next = 0;
  let failure: { error: unknown } | undefined;
  const work = async () => {
    while (next < items.length && failure === undefined) {
      const index = next++;
      try {
        signal.throwIfAborted();
        results[index] = await action(items[index] as Item, signal, index);
      } catch (error) {
        failure ??= { error };
        abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.limit, items.length) }, work));
  if (failure) throw failure.error;
  return results;
}

/** Polls `check` every `everyMs` until it answers something, or fails with KERNEL_TIMED_OUT after `timeoutMs`. */
export async function pollUntil<Result>(
  check: () => Promise<Result | undefined> | Result | undefined,
  options: { clock: Clock; everyMs: number; timeoutMs: number; what: string; signal: AbortSignal },
): Promise<Result> {
  const endsAt = options.clock.monotonic() + options.timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (options.clock.monotonic() >= endsAt) {
      throw kernelErrors.timedOut({ what: options.what, waitedMs: options.timeoutMs });
    }
    await options.clock.sleep(options.everyMs, options.signal);
  }
}
