import { crc32 } from 'node:zlib';
import { finishJob, startJob } from '../ci/job-lifecycle.ts';
import { integer, object, oneOf, required, text } from '../http/fields.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import { isFinished, type Job } from '../state/job.ts';
import { requestRoute } from './request-route.ts';

/** What a runner does with a job's own token: state, log, artifacts. */
export function coordinatorJobRoutes(context: SimContext): Route[] {
  return [requestRoute(context), updateRoute(context), traceRoute(context), artifactsRoute(context)];
}

function updateRoute(context: SimContext): Route {
  return {
    method: 'PUT',
    path: '/jobs/:id',
    auth: 'open',
    body: {
      token: required(text),
      state: oneOf(['running', 'success', 'failed']),
      failure_reason: text,
      exit_code: integer,
      checksum: text,
      output: object,
      info: object,
    },
    handle: (call) => {
      const opened = openJob(context, call);
      return opened.kind === 'refused' ? opened.reply : update(context, call, opened.job);
    },
  };
}

function update(context: SimContext, call: Call, job: Job): Reply {
  touch(context, job);
  const state = call.body.text('state');
  if (state === 'running' || state === undefined) return { status: 200, headers: jobHeaders(context, job) };
  const problem = traceProblem(call, job);
  if (problem !== undefined) {
    return { status: 412, headers: jobHeaders(context, job), body: { message: problem } };
  }
  const exitCode = call.body.integer('exit_code');
  const failureReason = call.body.text('failure_reason');
  // A job that was being cancelled ends as canceled, whatever its script made of it.
  const outcome = state === 'success' ? 'success' : 'failed';
  finishJob(context, job, {
    status: job.status === 'canceling' ? 'canceled' : outcome,
    ...(failureReason !== undefined && { failureReason }),
    ...(exitCode !== undefined && { exitCode }),
  });
  return { status: 200, headers: jobHeaders(context, job) };
}

/** The log must be whole before a job may end: size and checksum as the runner counted them. */
function traceProblem(call: Call, job: Job): string | undefined {
  const output = call.body.object('output');
  const size = output?.['bytesize'];
  if (typeof size === 'number' && size !== job.trace.length) {
    return `the log has ${job.trace.length} bytes here and ${size} on the runner`;
  }
  const checksum = output?.['checksum'];
  const own = `crc32:${crc32(job.trace).toString(16).padStart(8, '0')}`;
  return typeof checksum === 'string' && checksum !== own ? `checksum ${checksum} is not ${own}` : undefined;
}

function traceRoute(context: SimContext): Route {
  return {
    method: 'PATCH',
    path: '/jobs/:id/trace',
    auth: 'open',
    query: { debug_trace: text },
    hasRawBody: true,
    handle: (call) => {
      const opened = openJob(context, call);
      if (opened.kind === 'refused') return opened.reply;
      const { job } = opened;
      touch(context, job);
      const range = /^(\d+)-(\d+)$/.exec(call.headers['content-range'] ?? '');
      if (range === null) return { status: 400, body: { message: '400 Missing header Content-Range' } };
      const [start, end] = [Number(range[1]), Number(range[2])];
      const isWhole = end - start + 1 === call.rawBody.length;
      if (start !== job.trace.length || !isWhole) {
        return { status: 416, headers: { ...jobHeaders(context, job), Range: `0-${job.trace.length}` } };
      }
      job.trace = Buffer.concat([job.trace, call.rawBody]);
      return { status: 202, headers: { ...jobHeaders(context, job), Range: `0-${job.trace.length}` } };
    },
  };
}

function artifactsRoute(context: SimContext): Route {
  return {
    method: 'POST',
    path: '/jobs/:id/artifacts',
    auth: 'open',
    query: { artifact_format: text, artifact_type: text, expire_in: text },
    hasRawBody: true,
    handle: (call) => {
      const opened = openJob(context, call);
      if (opened.kind === 'refused') return opened.reply;
      touch(context, opened.job);
      return { status: 201, headers: jobHeaders(context, opened.job), body: {} };
    },
  };
}

type Opened =
  | { readonly kind: 'open'; readonly job: Job }
  | { readonly kind: 'refused'; readonly reply: Reply };

/** The job of path and token while a runner may write to it; else 403 with the `Job-Status` that says why. */
function openJob(context: SimContext, call: Call): Opened {
  const job = context.world.jobs.get(Number(call.params['id']));
  const token = call.headers['job-token'] ?? call.body.text('token');
  if (job === undefined) return refused({ status: 404, body: { message: '404 Not Found' } });
  if (token !== job.token) return refused({ status: 403, body: { message: '403 Forbidden' } });
  if (isFinished(job.status) || job.runnerId === undefined) {
    return refused({
      status: 403,
      headers: jobHeaders(context, job),
      body: { message: '403 Forbidden - Job is not running' },
    });
  }
  return { kind: 'open', job };
}

function refused(reply: Reply): Opened {
  return { kind: 'refused', reply };
}

/** The runner is alive; its first word about a job acknowledges it. */
function touch(context: SimContext, job: Job): void {
  job.lastContactMs = context.clock.now();
  if (job.status === 'pending') startJob(context, job);
}

function jobHeaders(context: SimContext, job: Job): Record<string, string> {
  return {
    'Job-Status': job.status,
    'X-GitLab-Trace-Update-Interval': String(context.settings.traceIntervalS),
  };
}
