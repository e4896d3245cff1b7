/** One call that several callers wait for. */
export interface SharedRead<Result> {
  /** Waits for the result, or until `signal` ends this caller's patience. */
  join(signal: AbortSignal): Promise<Result>;
  /** Everybody has left: the call was ended. */
  isAbandoned(): boolean;
}

/** Starts `call` at the first `join`; it is ended when its last waiter has left, and never by one of several. */
export function createSharedRead<Result>(call: (signal: AbortSignal) => Promise<Result>): SharedRead<Result> {
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
