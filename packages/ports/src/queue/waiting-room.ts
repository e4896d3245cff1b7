import type { Clock } from '@polar-gosling/kernel';

/** Where receivers wait until something is sent in this process, or for a while. */
export interface WaitingRoom {
  /** Number of wakes so far: what came after this is not slept through. */
  wakes(): number;
  wake(): void;
  /** Waits `ms`, shorter when there was a wake since `seenWakes`. Rejects when `signal` is aborted. */
  wait(ms: number, seenWakes: number, signal: AbortSignal): Promise<void>;
}

export function createWaitingRoom(clock: Clock): WaitingRoom {
  const waiting = new Set<AbortController>();
  let wakes = 0;
  return {
    wakes: () => wakes,
    wake() {
      wakes++;
      for (const controller of waiting) controller.abort();
    },
    async wait(ms, seenWakes, signal) {
      if (wakes !== seenWakes) return;
      const controller = new AbortController();
      waiting.add(controller);
      try {
        await clock.sleep(ms, AbortSignal.any([signal, controller.signal]));
      } catch (error) {
        if (signal.aborted || !controller.signal.aborted) throw error;
      } finally {
        waiting.delete(controller);
      }
    },
  };
}
