import type { Clock } from '@polar-gosling/kernel';

export interface FakeClock extends Clock {
  /** Lets `ms` pass: sleepers wake in order, each with the time it asked for, and what they start is waited for. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock only, as an administrator or NTP does. */
  jump(ms: number): void;
  /** How many sleep now. */
  sleepers(): number;
}

interface Sleeper {
  readonly wakesAt: number;
  wake(): void;
}

/**
 * A clock that stands still until it is told; default start 2026-01-01 UTC. `settled` waits for what no promise chain
 * of this process tells, such as calls to an engine.
 */
export function createFakeClock(options: { start?: number; settled?(): Promise<void> } = {}): FakeClock {
  const startMs = options.start ?? Date.UTC(2026, 0, 1);
  let passedMs = 0;
  let jumpedMs = 0;
  const sleepers = new Set<Sleeper>();

  const nextBefore = (endMs: number): Sleeper | undefined => {
    const due = [...sleepers].filter(({ wakesAt }) => wakesAt <= endMs);
    return due.toSorted((a, b) => a.wakesAt - b.wakesAt)[0];
  };

  return {
    now: () => startMs + passedMs + jumpedMs,
    monotonic: () => passedMs,
    jump(ms) {
      jumpedMs += ms;
    },
    sleepers: () => sleepers.size,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        const stop = () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const sleeper: Sleeper = {
          wakesAt: passedMs + Math.max(0, ms),
          wake() {
            sleepers.delete(sleeper);
            signal.removeEventListener('abort', stop);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal.addEventListener('abort', stop, { once: true });
      });
    },
    async advance(ms) {
      const endMs = passedMs + ms;
      await settle(options.settled);
      for (let next = nextBefore(endMs); next !== undefined; next = nextBefore(endMs)) {
        passedMs = Math.max(passedMs, next.wakesAt);
        next.wake();
        await settle(options.settled);
      }
      passedMs = endMs;
      await settle(options.settled);
    },
  };
}

/** Lets promise chains that are ready run to their next wait. */
async function settle(settled?: () => Promise<void>): Promise<void> {
  await turns();
  if (settled === undefined) return;
  await settled();
  await turns();
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
