import type { CoordinatorAnswer, CoordinatorClient } from './coordinator-client.ts';
import type { EntryHealth } from './entry-health.ts';
import type { RunnerEntry } from './runner-config.ts';
import { runnerInfo } from './runner-info.ts';
import { type RunnerJob, readRunnerJob } from './runner-job.ts';
import { type RunnerLog, shortToken } from './runner-log.ts';
import type { RunnerStatus } from './running-jobs.ts';

/** What is remembered about an entry between two requests. */
export interface EntryState {
  readonly health: EntryHealth;
  readonly send: CoordinatorClient;
  /** Requests under way. */
  asking: number;
  /** The queue's version, echoed so that GitLab may let us wait for another one. */
  lastUpdate: string | undefined;
}

/** One `POST jobs/request`; keeps the entry's health. */
export async function askForJob(
  deps: { readonly status: RunnerStatus; readonly log: RunnerLog; readonly quit: AbortSignal },
  entry: RunnerEntry,
  state: EntryState,
): Promise<RunnerJob | undefined> {
  const answer = await state.send({
    method: 'POST',
    path: 'jobs/request',
    json: {
      info: runnerInfo(),
      token: entry.token,
      system_id: deps.status.systemId,
      ...(state.lastUpdate !== undefined && { last_update: state.lastUpdate }),
    },
    attempts: 1,
    signal: deps.quit,
  });
  if (deps.quit.aborted && answer.kind === 'unreachable') return undefined;
  const runner = shortToken(entry.token);
  if (!isGood(answer)) {
    deps.log('warning', 'Checking for jobs... failed', { runner, status: describe(answer) });
    if (state.health.bad()) {
      deps.status.healthCheckFailures++;
      deps.log('error', 'Runner is unhealthy and will be disabled', {
        runner,
        unhealthy_interval_s: entry.unhealthyIntervalMs / 1000,
      });
    }
    return undefined;
  }
  state.health.good();
  if (answer.kind !== 'answer') return undefined;
  const update = answer.reply.headers['x-gitlab-last-update'];
  if (typeof update === 'string') state.lastUpdate = update;
  return answer.reply.status === 201 ? readRunnerJob(answer.reply.body) : undefined;
}

/** No job, a job, "later" (503) and "somebody else was faster" (409) are all signs of a healthy server. */
function isGood(answer: CoordinatorAnswer): boolean {
  return answer.kind === 'answer' && [201, 204, 409, 503].includes(answer.reply.status);
}

function describe(answer: CoordinatorAnswer): string {
  return answer.kind === 'answer' ? String(answer.reply.status) : String(answer.error);
}
