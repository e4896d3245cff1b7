import type { Clock } from '@polar-gosling/kernel';

const burst = 3;
const refillMs = 1_000;
const slowestMs = 60_000;

/**
 * When the next report goes out: after the interval, or at once when something changed — a few in a row, then one
 * a second.
 */
export interface ReportPace {
  /** Something changed. */
  hurry(): void;
  /** Resolves when a report is due. */
  next(intervalMs: number, signal: AbortSignal): Promise<void>;
}

export function createReportPace(clock: Clock): ReportPace {
  let credit = burst;
  let creditAt = clock.monotonic();
  let isHurried = false;
  let wake: () => void = () => undefined;

  const waitForCredit = async (signal: AbortSignal) => {
    const earned = Math.floor((clock.monotonic() - creditAt) / refillMs);
    credit = Math.min(burst, credit + earned);
    creditAt += earned * refillMs;
    if (credit <= 0) {
      await clock.sleep(refillMs, signal);
      credit += 1;
      creditAt = clock.monotonic();
    }
    credit -= 1;
  };

  return {
    hurry() {
      isHurried = true;
      wake();
    },
    async next(intervalMs, signal) {
      if (!isHurried) {
        const waiting = new AbortController();
        wake = () => waiting.abort();
        const either = AbortSignal.any([signal, waiting.signal]);
        await clock.sleep(Math.min(intervalMs, slowestMs), either).catch(() => signal.throwIfAborted());
      }
      if (isHurried) await waitForCredit(signal);
      isHurried = false;
    },
  };
}
