import type { Clock } from '@polar-gosling/kernel';

/** Remembers that writes are refused, so that callers hear it at once instead of each waiting for the disk. */
export interface WriteGate {
  /** May the next group be tried? In read-only mode one try a second finds out whether it is over. */
  mayTry(): boolean;
  /** Why nothing is written; `undefined` while writes are taken. */
  readOnlyReason(): string | undefined;
  succeeded(): void;
  failed(startedAt: number, reason: string): void;
}

const readOnlyAfterMs = 5_000;
const probeEveryMs = 1_000;

export function createWriteGate(clock: Clock): WriteGate {
  let refused: { since: number; lastTry: number; reason: string } | undefined;
  const readOnlyReason = () => {
    const isLong = refused !== undefined && clock.monotonic() - refused.since >= readOnlyAfterMs;
    return isLong ? refused?.reason : undefined;
  };
  return {
    readOnlyReason,
    mayTry() {
      if (refused === undefined || readOnlyReason() === undefined) return true;
      if (clock.monotonic() - refused.lastTry < probeEveryMs) return false;
      refused.lastTry = clock.monotonic();
      return true;
    },
    succeeded() {
      refused = undefined;
    },
    failed(startedAt, reason) {
      refused = { since: refused?.since ?? startedAt, lastTry: clock.monotonic(), reason };
    },
  };
}
