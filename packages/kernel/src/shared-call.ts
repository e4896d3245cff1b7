/** One call that several callers wait for. */
export interface SharedCall<Result> {
  /** Waits for the result, or until `signal` ends this caller's patience. */
  join(signal: AbortSignal): Promise<Result>;
  /** Everybody has left: the call was ended. */
  isAbandoned(): boolean;
}

/** Starts `call` at the first `join`; it is ended when its last waiter has left, and never by one of several. */
export function createSharedCall<Result>(call: (signal: AbortSignal) => Promise<Result>): SharedCall<Result> {
  const controller = new AbortController();
  let running: Promise<Result> | undefined;
  let waiters = 0;

  const leave = (reason: unknown) => {
    waiters--;
    if (waiters === 0) controller.abort(reason);
  };

  return {
    isAbandoned: () => controller.signal.aborted,
    join(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      running ??= call(controller.signal);
      waiters++;
      const shared = running;
      return new Promise((resolve, reject) => {
        const stop = () => {
          leave(signal.reason);
          reject(signal.reason);
        };
        signal.addEventListener('abort', stop, { once: true });
        const settled = () => signal.removeEventListener('abort', stop);
        shared.then(
          (result) => {
            settled();
            resolve(result);
          },
          (error: unknown) => {
            settled();
            reject(error);
          },
        );
      });
    },
  };
}

/** Of `call` one at a time is under way: who calls meanwhile waits for its result. A failure is told to all who wait. */
export function shareCalls<Result>(
  call: (signal: AbortSignal) => Promise<Result>,
): (signal: AbortSignal) => Promise<Result> {
  let running: SharedCall<Result> | undefined;
  return (signal) => {
    if (running === undefined || running.isAbandoned()) {
      const shared = createSharedCall(async (all: AbortSignal) => {
        try {
          return await call(all);
        } finally {
          if (running === shared) running = undefined;
        }
      });
      running = shared;
    }
    return running.join(signal);
  };
}
