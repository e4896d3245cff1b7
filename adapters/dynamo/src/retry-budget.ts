/** Retries as a share of what succeeds: when much fails, each call is tried once, and nobody makes the load worse. */
export interface RetryBudget {
  /** Takes one retry out of the budget, if there is one. */
  take(): boolean;
  /** After a success. */
  earn(): void;
}

const capacity = 100;
const perSuccess = 0.2;

export function createRetryBudget(): RetryBudget {
  let left = capacity;
  return {
    take() {
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    earn() {
      left = Math.min(capacity, left + perSuccess);
    },
  };
}
