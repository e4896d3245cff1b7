/** Retries as a share of what succeeds: when much fails, each call is tried once, and nobody makes the load worse. */
export interface RetryBudget {
  /** Takes one retry out of the budget, if there is one. */
  take(): boolean;
  /** After a success. */
  earn(): void;
}

const capacity = 500;
const perRetry = 5;
const perSuccess = 1;

export function createRetryBudget(): RetryBudget {
  let left = capacity;
  return {
    take() {
      if (left < perRetry) return false;
      left -= perRetry;
      return true;
    },
    earn() {
      left = Math.min(capacity, left + perSuccess);
    },
  };
}
