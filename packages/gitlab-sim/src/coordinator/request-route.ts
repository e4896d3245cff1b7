import { startJob } from '../ci/job-lifecycle.ts';
import { object, required, text } from '../http/fields.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import type { Job } from '../state/job.ts';
import type { Runner, RunnerManager } from '../state/runner.ts';
import { jobResponse } from './job-response.ts';
import { findJobFor } from './matching.ts';
import { hasFeature, recordContact, runnerOfToken } from './runner-access.ts';
import { badSystemId, forbidden } from './runner-routes.ts';

/** `POST jobs/request`: hands out a job (201) or says that there is none (204), after a long poll if so set. */
export function requestRoute(context: SimContext): Route {
  return {
    method: 'POST',
    path: '/jobs/request',
    auth: 'open',
    body: { token: required(text), system_id: text, last_update: text, info: object, session: object },
    handle: async (call) => {
      const runner = runnerOfToken(context, call);
      if (runner === undefined) return forbidden;
      const manager = recordContact(context, runner, call);
      if (manager === undefined) return badSystemId;
      const version = context.jobQueue.version();
      const job = findJobFor(context, runner);
      if (job !== undefined) return handOut(context, job, { call, runner, manager });
      // Only a runner that has already seen this state of the queue is made to wait for another one.
      if (context.settings.longPollMs > 0 && call.body.text('last_update') === version) {
        return afterWaiting(context, version, { call, runner, manager });
      }
      return nothing(version);
    },
  };
}

interface Asking {
  readonly call: Call;
  readonly runner: Runner;
  readonly manager: RunnerManager;
}

async function afterWaiting(context: SimContext, seen: string, asking: Asking): Promise<Reply> {
  const endsAtMs = context.clock.monotonic() + context.settings.longPollMs;
  let version = seen;
  for (;;) {
    const leftMs = endsAtMs - context.clock.monotonic();
    if (leftMs <= 0) return nothing(version);
    await context.jobQueue.wait(version, leftMs, asking.call.signal);
    // A runner that hung up must not be given a job: nobody would run it.
    if (asking.call.signal.aborted) return nothing(version);
    version = context.jobQueue.version();
    const job = context.world.runners.has(asking.runner.id) ? findJobFor(context, asking.runner) : undefined;
    if (job !== undefined) return handOut(context, job, asking);
  }
}

function nothing(version: string): Reply {
  return { status: 204, headers: { 'X-GitLab-Last-Update': version } };
}

/** A runner that knows the two-phase commit acknowledges with `PUT state=running`; for others the job runs now. */
function handOut(context: SimContext, job: Job, asking: Asking): Reply {
  const { call, runner, manager } = asking;
  const project = context.world.projects.get(job.projectId);
  const pipeline = context.world.pipelines.get(job.pipelineId);
  if (project === undefined || pipeline === undefined) return nothing(context.jobQueue.version());
  job.runnerId = runner.id;
  job.managerId = manager.id;
  job.lastContactMs = context.clock.now();
  job.canCancelGracefully = hasFeature(call, 'cancel_gracefully');
  if (!hasFeature(call, 'two_phase_job_commit')) startJob(context, job);
  return {
    status: 201,
    headers: { 'X-GitLab-Last-Update': context.jobQueue.version() },
    body: jobResponse(context, { job, pipeline, project, runner }),
  };
}
