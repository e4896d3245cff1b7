import type { CiJob, EggStatus, Health, Runner } from '@polar-gosling/api-contract';

/** What the status page shows; the shapes of the API, nothing secret. */
export interface StatusView {
  readonly shownAt: string;
  readonly eggs: readonly EggStatus[];
  readonly runners: readonly Runner[];
  /** CI jobs that wait, with the reason. */
  readonly waiting: readonly CiJob[];
  /** There is more than the page shows. */
  readonly hasMore: boolean;
  readonly health: Health;
}
