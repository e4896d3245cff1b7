import type { Clock } from '@polar-gosling/kernel';
import type { CoordinatorAnswer, CoordinatorClient } from './coordinator-client.ts';
import type { JobLog } from './job-log.ts';
import type { RunnerJob } from './runner-job.ts';

/** How GitLab wants the job to go on. */
export type JobOrder = 'run' | 'cancel' | 'abort';

/** Reports one job: state and log, and hears from the answers what GitLab wants. */
export interface JobReporter {
  /** The two-phase acknowledgement; `false` when the job is not ours any more. */
  acknowledge(): Promise<boolean>;
  /** Sends new output every interval until `signal` is aborted. */
  follow(signal: AbortSignal): Promise<void>;
  /** Sends the rest of the log, then the outcome, until GitLab took it. */
  finish(outcome: JobOutcome): Promise<void>;
}

export type JobOutcome =
  | { readonly state: 'success' }
  | { readonly state: 'failed'; readonly reason: string; readonly exitCode?: number };

const maxPatchBytes = 1024 * 1024;
const firstIntervalMs = 1_000;
/** A silent job is reported alive this many intervals after the last word, at the latest after 30 s. */
const silentIntervals = 10;
const maxSilenceMs = 30_000;
const attempts = 5;
const maxFinalTries = 30;

export interface ReporterDeps {
  readonly job: RunnerJob;
  readonly log: JobLog;
  readonly clock: Clock;
  readonly send: CoordinatorClient;
  readonly info: object;
  /** Ends everything, also the final report. */
  readonly signal: AbortSignal;
  onOrder(order: JobOrder): void;
}

export function createJobReporter(deps: ReporterDeps): JobReporter {
  const { job, log, clock, send } = deps;
  let sent = 0;
  let isShut = false;
  let intervalMs = firstIntervalMs;
  let lastWordMs = clock.monotonic();

  const hear = (answer: CoordinatorAnswer): number => {
    if (answer.kind === 'unreachable') return 0;
    const { status, headers } = answer.reply;
    const seconds = Number(headers['x-gitlab-trace-update-interval']);
    if (seconds > 0) intervalMs = seconds * 1000;
    if (status < 500) lastWordMs = clock.monotonic();
    const jobStatus = headers['job-status'];
    if (status === 403 || status === 404) isShut = true;
    if (isShut || jobStatus === 'canceled' || jobStatus === 'failed') deps.onOrder('abort');
    else if (jobStatus === 'canceling') deps.onOrder('cancel');
    return status;
  };
  const put = async (body: object): Promise<number> => {
    const json = { token: job.token, info: deps.info, ...body };
    return hear(await send({ method: 'PUT', path: `jobs/${job.id}`, json, attempts, signal: deps.signal }));
  };
  /** One PATCH; `false` when it made no progress. */
  const patch = async (): Promise<boolean> => {
    const raw = log.slice(sent, maxPatchBytes);
    const answer = await send({
      method: 'PATCH',
      path: `jobs/${job.id}/trace?debug_trace=false`,
      raw,
      headers: { 'JOB-TOKEN': job.token, 'Content-Range': `${sent}-${sent + raw.length - 1}` },
      attempts,
      signal: deps.signal,
    });
    const status = hear(answer);
    if (status === 202) sent += raw.length;
    else if (status === 416 && answer.kind === 'answer') return resync(answer.reply.headers['range']);
    return status === 202;
  };
  /** After a 416 the log is sent again from where GitLab says it stands. */
  const resync = (range: unknown): boolean => {
    const known = Number(/^0-(\d+)$/.exec(String(range))?.[1] ?? Number.NaN);
    if (Number.isNaN(known) || known > log.size || known === sent) return false;
    sent = known;
    return true;
  };
  const flush = async (): Promise<void> => {
    while (sent < log.size && !isShut && (await patch()));
  };
  return {
    acknowledge: async () => (await put({ state: 'running' })) === 200,
    async follow(signal) {
      while (!signal.aborted && !isShut) {
        const silentMs = clock.monotonic() - lastWordMs;
        if (sent < log.size) await flush();
        else if (silentMs >= Math.min(maxSilenceMs, intervalMs * silentIntervals))
          await put({ state: 'running' });
        // The only failure of a sleep is the end of the job, which the loop sees.
        await clock.sleep(intervalMs, signal).catch(() => undefined);
      }
    },
    async finish(outcome) {
      for (let tries = 0; tries < maxFinalTries && !isShut && !deps.signal.aborted; tries++) {
        await flush();
        const status = await put({ ...finalFields(outcome), output: log.digest() });
        if (status === 200) return;
        // Taken, but not stored yet (202), or a log that differs (412): again, from the start of what is unknown.
        if (status === 412) sent = 0;
        await clock.sleep(Math.min(intervalMs, 1_000), deps.signal).catch(() => undefined);
      }
    },
  };
}

function finalFields(outcome: JobOutcome): object {
  if (outcome.state === 'success') return { state: 'success', exit_code: 0 };
  return {
    state: 'failed',
    failure_reason: outcome.reason,
    ...(outcome.exitCode !== undefined && { exit_code: outcome.exitCode }),
  };
}
