import type { CiJobStatus } from './facts.ts';

const ranks: Readonly<Record<CiJobStatus, number>> = {
  created: 0,
  manual: 0,
  scheduled: 0,
  preparing: 0,
  waiting_for_resource: 0,
  waiting_for_callback: 0,
  pending: 1,
  running: 2,
  canceling: 3,
  skipped: 4,
  canceled: 4,
  success: 4,
  failed: 4,
};

const finalRank = 4;

/** Is it a word for the state of a job that we know? GitLab may invent others. */
export function isJobStatus(word: string): word is CiJobStatus {
  return Object.hasOwn(ranks, word);
}

/** How far a CI job has come. Events are applied by it, never by the order in which they arrive. */
export function jobRank(status: CiJobStatus): number {
  return ranks[status];
}

/** Will nothing more happen to this job? A retry is another job with an id of its own. */
export function isJobOver(status: CiJobStatus): boolean {
  return jobRank(status) === finalRank;
}

/**
 * The status after an event: a job never goes back, and its first end stands. Only a skipped job may wait again
 * (GitLab resets it when an earlier job of the pipeline is retried); a late event that looks the same is put right
 * by the next sweep.
 */
export function applyJobStatus(current: CiJobStatus, incoming: CiJobStatus): CiJobStatus {
  if (current === 'skipped') return jobRank(incoming) > 0 ? incoming : current;
  if (isJobOver(current)) return current;
  return jobRank(incoming) >= jobRank(current) ? incoming : current;
}
