import { storeErrors } from './errors.ts';

/** Calls under way, so that a store is closed after the last of them and takes no more. */
export interface InFlight {
  run<Result>(op: string, action: () => Promise<Result>): Promise<Result>;
  /** Refuses what comes from now on; resolves when everything before is answered. */
  drain(): Promise<void>;
}

export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  let isClosed = false;
  return {
    async run(op, action) {
      if (isClosed) throw storeErrors.unavailable({ op: `${op} on a closed store` });
      const done = action();
      running.add(done);
      try {
        return await done;
      } finally {
        running.delete(done);
      }
    },
    async drain() {
      isClosed = true;
      await Promise.allSettled(running);
    },
  };
}
