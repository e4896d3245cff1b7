import type { EggStateRow, RunnerAgentRow } from '@polar-gosling/ports/store';
import { aRunner } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { backoffOf } from './backoff.ts';

const now = 1_000_000;
const minuteMs = 60_000;

function back(
  failures: number,
  given: { backedOffFor?: number; createdAt?: number; jobsDone?: number } = {},
) {
  const state: EggStateRow = {
    version: 1,
    updated_at: 0,
    egg_name: 'app',
    dirty_generation: 0,
    done_generation: 0,
    shards: 1,
    failures,
    failed_at: 500_000,
    backoff_failures: given.backedOffFor,
  };
  const row = aRunner({ id: 'r', created_at: given.createdAt ?? 0 });
  const agent = {
    runner_id: 'r',
    jobs_done: given.jobsDone ?? 0,
  } as Partial<RunnerAgentRow> as RunnerAgentRow;
  return backoffOf({ state, runners: new Map([['r', row]]), agents: new Map([['r', agent]]) }, now);
}

it('launches at once until the third boot in a row that failed, then later each time, 15 minutes at most', () => {
  expect([0, 1, 2].map((failures) => back(failures))).toEqual([{}, {}, {}]);
  const waits = [3, 4, 5, 6, 7, 20].map((failures) => ((back(failures).backoff_until ?? 0) - now) / minuteMs);
  expect(waits).toEqual([1, 2, 4, 8, 15, 15]);
});

it('does not push the time further away for failures it has backed off for', () => {
  expect(back(3, { backedOffFor: 3 })).toEqual({});
  expect(back(4, { backedOffFor: 3 })).toMatchObject({ backoff_failures: 4 });
});

it('is ended by a job of a runner launched since, not by what older ones do', () => {
  expect(back(3, { jobsDone: 5, createdAt: 499_999 })).toMatchObject({ backoff_failures: 3 });
  expect(back(3, { jobsDone: 1, createdAt: 500_000 })).toEqual({
    failures: 0,
    backoff_until: undefined,
    backoff_failures: 0,
  });
});
