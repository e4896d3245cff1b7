import type { JobView } from '@polar-gosling/gitlab-sim';
import { until, type World } from './world.ts';

const over: readonly string[] = ['success', 'failed', 'canceled', 'skipped'];

/** Waits until every job of a project that was not retried has ended; answers them. */
export function jobsEnded(world: World, projectId: number, timeoutMs = 90_000): Promise<JobView[]> {
  return until(
    'all jobs have ended',
    () => {
      const jobs = world.sim.jobs(projectId).filter((job) => !job.isRetried);
      return jobs.length > 0 && jobs.every(({ status }) => over.includes(status)) ? jobs : undefined;
    },
    timeoutMs,
  );
}

export function jobEnded(world: World, jobId: number, timeoutMs = 60_000): Promise<JobView> {
  return until(
    `job ${jobId} has ended`,
    () => {
      const job = world.sim.job(jobId);
      return over.includes(job.status) ? job : undefined;
    },
    timeoutMs,
  );
}

/** Waits until the Egg's registration is in GitLab. */
export function registered(world: World, count = 1): Promise<unknown> {
  return until('the Eggs are registered', () => (world.sim.runners().length >= count ? true : undefined));
}

/** Watches how many jobs run and how many local runners live at once, until `stop`. */
export function watchLoad(
  world: World,
  countRunners: () => number,
): { stop(): { jobs: number; runners: number } } {
  const most = { jobs: 0, runners: 0 };
  const look = () => {
    most.jobs = Math.max(most.jobs, world.sim.jobs().filter(({ status }) => status === 'running').length);
    most.runners = Math.max(most.runners, countRunners());
  };
  const timer = setInterval(look, 20);
  const off = world.sim.onJobChange(look);
  return {
    stop() {
      clearInterval(timer);
      off();
      return most;
    },
  };
}
