import type { ListedJob } from './running-jobs.ts';

/** What one look at `gitlab-runner` showed. */
export interface RunnerSnapshot {
  readonly running: readonly ListedJob[];
  /** `gitlab_runner_jobs_total`: jobs taken since it was started. */
  readonly taken: number;
  /** Of its failed jobs those that the machine is to blame for. */
  readonly broken: number;
}

export interface JobCounts {
  readonly jobs: number;
  readonly newlyStarted: number;
  readonly newlyDone: number;
  readonly newlyBroken: number;
}

export interface TrackedJob extends ListedJob {
  readonly since: number;
}

/**
 * Turns looks at one life of `gitlab-runner` into what is new. A job that came and went between two looks is
 * counted by the metric, one that the metric is late with by its line in the list.
 */
export function createJobTracker(): {
  observe(snapshot: RunnerSnapshot, now: number): JobCounts;
  running(): readonly TrackedJob[];
} {
  const seen = new Map<string, TrackedJob>();
  let running: readonly TrackedJob[] = [];
  let counted = { started: 0, done: 0, broken: 0 };
  return {
    running: () => running,
    observe(snapshot, now) {
      running = snapshot.running.map((job) => {
        const key = `${job.server}#${job.jobId}`;
        const known = seen.get(key) ?? { ...job, since: now };
        seen.set(key, known);
        return known;
      });
      const started = Math.max(counted.started, seen.size, snapshot.taken);
      const done = Math.max(counted.done, started - running.length);
      const broken = Math.max(counted.broken, snapshot.broken);
      const counts = {
        jobs: running.length,
        newlyStarted: started - counted.started,
        newlyDone: done - counted.done,
        newlyBroken: broken - counted.broken,
      };
      counted = { started, done, broken };
      return counts;
    },
  };
}
