import { moveOnAfterMs, type PoolPlan, type WaitCause } from '@polar-gosling/domain';
import type { CallOptions, CiJobRow, Write } from '@polar-gosling/ports/store';
import { applyJob, sightingOf } from '../demand/apply-job.ts';
import type { InternalDeps } from '../deps.ts';
import { type Observed, waitingKey } from './observe.ts';
import { runnersOfJobs } from './runners-of-jobs.ts';

const blockers: readonly WaitCause[] = ['egg_full', 'frozen', 'backoff', 'deployment_failed', 'limits'];

/**
 * Notes on each waiting job what it waits for, on each running one which runner has it, and lets a job that its Egg
 * could not serve for 30 s choose again. Answers when to look again for such a one.
 */
export async function noteWaits(
  deps: InternalDeps,
  at: { seen: Observed; plan: PoolPlan },
  options: CallOptions & { trace: string },
): Promise<number | undefined> {
  const causes = new Map(at.plan.blocked.map(({ jobKey, cause }) => [jobKey, cause]));
  const holderOf = runnersOfJobs(at.seen.agents);
  let lookAgainAt: number | undefined;
  for (const job of at.seen.jobs) {
    const key = waitingKey(job);
    const cause = job.status === 'pending' ? (causes.get(key) ?? 'runner_idle_not_taken') : job.wait_cause;
    const isBlocked = job.status === 'pending' && blockers.some((one) => one === cause);
    const blockedSince = isBlocked ? (job.blocked_since ?? deps.clock.now()) : undefined;
    await noteJob(
      deps,
      {
        job,
        set: { wait_cause: cause, blocked_since: blockedSince, runner_id: holderOf(job) ?? job.runner_id },
      },
      options,
    );
    if (blockedSince === undefined) continue;
    const movesAt = blockedSince + moveOnAfterMs;
    if (deps.clock.now() >= movesAt) await applyJob(deps, sightingOf(job), options);
    lookAgainAt = Math.min(
      lookAgainAt ?? Number.POSITIVE_INFINITY,
      Math.max(movesAt, deps.clock.now() + moveOnAfterMs),
    );
  }
  return lookAgainAt;
}

type Noted = {
  wait_cause: string | undefined;
  blocked_since: number | undefined;
  runner_id: string | undefined;
};

/** A note only: whoever wrote the row in between knew better. */
async function noteJob(
  deps: InternalDeps,
  at: { job: CiJobRow; set: Noted },
  options: CallOptions,
): Promise<void> {
  const { job, set } = at;
  const isSame =
    job.wait_cause === set.wait_cause &&
    job.blocked_since === set.blocked_since &&
    job.runner_id === set.runner_id;
  if (isSame) return;
  const write: Write = {
    kind: 'update',
    key: { table: 'ci_jobs', partition: job.server_project, sort: job.job_id },
    set,
    when: { kind: 'version', version: job.version },
  };
  await deps.store.commit([write], options);
}
