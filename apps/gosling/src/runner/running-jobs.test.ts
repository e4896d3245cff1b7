import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJobTracker } from './job-tracker.ts';
import { parseJobsList, sumMetric } from './running-jobs.ts';

describe('parseJobsList', () => {
  it('reads server, project and job of each line, and passes over the rest', () => {
    const text = [
      'url=https://gitlab.example:8443/group/sub/app/-/jobs/12 state=running stage=step_script executor_stage= duration=3.2s',
      'url=https://gitlab.example/group/app state=running',
      'nonsense',
      '',
    ].join('\n');

    expect(parseJobsList(text)).toEqual([
      { server: 'gitlab.example:8443', projectPath: 'group/sub/app', jobId: 12 },
    ]);
  });
});

describe('sumMetric', () => {
  const page = [
    '# HELP gitlab_runner_jobs_total Total number of handled jobs',
    'gitlab_runner_jobs_total{runner="abc",system_id="r_1"} 3',
    'gitlab_runner_jobs_total{runner="abd",system_id="r_1"} 4',
    'gitlab_runner_failed_jobs_total{failure_reason="script_failure",runner="abc"} 2',
    'gitlab_runner_failed_jobs_total{failure_reason="runner_system_failure",runner="abc"} 1',
  ].join('\n');

  it('adds up all samples, or those with a label', () => {
    expect(sumMetric(page, 'gitlab_runner_jobs_total')).toBe(7);
    expect(sumMetric(page, 'gitlab_runner_failed_jobs_total', 'failure_reason="runner_system_failure"')).toBe(
      1,
    );
  });

  it('tells a missing metric from one that is zero', () => {
    expect(sumMetric(page, 'gitlab_runner_jobs')).toBeUndefined();
    expect(sumMetric('gitlab_runner_jobs_total 0', 'gitlab_runner_jobs_total')).toBe(0);
  });
});

describe('createJobTracker', () => {
  const job = (jobId: number) => ({ server: 'gitlab.example', projectPath: 'g/app', jobId });

  it('counts a job that came and went between two looks', () => {
    const tracker = createJobTracker();
    tracker.observe({ running: [], taken: 0, broken: 0 }, 0);

    expect(tracker.observe({ running: [], taken: 1, broken: 0 }, 1_000)).toEqual({
      jobs: 0,
      newlyStarted: 1,
      newlyDone: 1,
      newlyBroken: 0,
    });
  });

  it('keeps the time at which a job was first seen', () => {
    const tracker = createJobTracker();
    tracker.observe({ running: [job(1)], taken: 1, broken: 0 }, 1_000);
    tracker.observe({ running: [job(1), job(2)], taken: 2, broken: 0 }, 2_000);

    expect(tracker.running().map(({ since }) => since)).toEqual([1_000, 2_000]);
  });

  it('counts each job once, whenever the metric counts it', () => {
    const lives = fc.array(fc.record({ start: fc.nat(20), length: fc.nat(10) }), { maxLength: 12 });

    fc.assert(
      fc.property(lives, fc.boolean(), (jobs, isCountedAtStart) => {
        const tracker = createJobTracker();
        let [started, done] = [0, 0];
        for (let now = 0; now <= 40; now++) {
          const running = jobs.flatMap((life, id) =>
            life.start <= now && now < life.start + life.length ? [job(id)] : [],
          );
          const taken = jobs.filter(
            (life) => (isCountedAtStart ? life.start : life.start + life.length) <= now,
          ).length;
          const counts = tracker.observe({ running, taken, broken: 0 }, now);
          started += counts.newlyStarted;
          done += counts.newlyDone;
          expect(counts.jobs).toBe(running.length);
        }
        expect([started, done]).toEqual([jobs.length, jobs.length]);
      }),
      { numRuns: runs(300) },
    );
  });
});
