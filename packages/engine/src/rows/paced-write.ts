import type { Clock } from '@polar-gosling/kernel';

/** Writes what goes on changing, not more often than in every `everyMs`. */
export interface PacedWrite {
  /** There is something to write. */
  soon(): void;
  /** Writes what is not written yet, and no more after that. */
  close(): Promise<void>;
}

/** `write` answers whether it has; what it could not write is tried again in its time, and once at the end. */
export function createPacedWrite(at: {
  readonly clock: Clock;
  readonly everyMs: number;
  write(): Promise<boolean>;
}): PacedWrite {
  const closing = new AbortController();
  let isDue = false;
  let writing: Promise<void> | undefined;

  const writeDue = async () => {
    if (!isDue) return;
    isDue = false;
    const isWritten = await at.write();
    isDue ||= !isWritten;
  };
  const writeUntilDone = async () => {
    do {
      await at.clock.sleep(at.everyMs, closing.signal).catch(() => undefined); // at its end at once
      await writeDue();
    } while (isDue && !closing.signal.aborted);
    writing = undefined;
  };

  return {
    soon() {
      isDue = true;
      writing ??= writeUntilDone();
    },
    async close() {
      closing.abort();
      await writing;
      await writeDue();
    },
  };
}
