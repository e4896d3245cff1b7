import type { Clock } from '@polar-gosling/kernel';

/** A version that rises, and a way to wait until it does. */
export interface Wakeups {
  version(): string;
  wake(): void;
  /** Resolves when the version is no longer `seen`, after `timeoutMs`, or when `signal` is aborted. */
  wait(seen: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createWakeups(clock: Clock): Wakeups {
  let version = 1;
  let waiting = new Set<AbortController>();
  return {
    version: () => String(version),
    wake() {
      version++;
      const woken = waiting;
      waiting = new Set();
      for (const controller of woken) controller.abort();
    },
    async wait(seen, timeoutMs, signal) {
      if (seen !== String(version) || signal.aborted) return;
      const controller = new AbortController();
      waiting.add(controller);
      const end = AbortSignal.any([signal, controller.signal]);
      // Being woken and running out of time mean the same to the caller: look again.
      await clock.sleep(timeoutMs, end).catch(() => undefined);
      waiting.delete(controller);
    },
  };
}
