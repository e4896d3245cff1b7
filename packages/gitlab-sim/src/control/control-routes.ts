import type { GitlabSim } from '../gitlab-sim.ts';
import {
  type Fields,
  type FieldValues,
  flag,
  integer,
  object,
  required,
  text,
  texts,
} from '../http/fields.ts';
import { ok, type Route } from '../http/route.ts';

/** `POST /sim/…`: the control surface for another process. Off unless asked for; it has no authentication. */
export function controlRoutes(sim: GitlabSim): Route[] {
  const project = { project_id: required(integer) };
  const job = { job_id: required(integer) };
  const route = (name: string, body: Fields, handle: (body: FieldValues) => unknown): Route => ({
    method: 'POST',
    path: `/sim/${name}`,
    auth: 'open',
    body,
    handle: async (call) => ok((await handle(call.body)) ?? {}),
  });
  const projectId = (body: FieldValues) => body.integer('project_id') ?? 0;
  const jobId = (body: FieldValues) => body.integer('job_id') ?? 0;
  return [
    route('push', { ...project, ref: text, sha: text, title: text, modified: texts }, (body) =>
      sim.push(projectId(body), pushOf(body)),
    ),
    route('push_hook', { ...project, ref: text, sha: text, title: text, modified: texts }, (body) =>
      sim.pushHookOnly(projectId(body), pushOf(body)),
    ),
    route('run_pipeline', { ...project, ref: text, variables: object }, (body) => {
      const ref = body.text('ref');
      const variables = Object.entries(body.object('variables') ?? {}).map(([key, value]) => [
        key,
        String(value),
      ]);
      return sim.runPipeline(projectId(body), {
        ...(ref !== undefined && { ref }),
        variables: Object.fromEntries(variables),
      });
    }),
    route('ci_yaml', { ...project, text: required(text) }, (body) =>
      sim.setCiYaml(projectId(body), body.text('text') ?? ''),
    ),
    route('jobs', { project_id: integer }, (body) => sim.jobs(body.integer('project_id'))),
    route('job', job, (body) => sim.job(jobId(body))),
    route('cancel_job', { ...job, force: flag }, (body) =>
      sim.cancelJob(jobId(body), { isForced: body.flag('force') ?? false }),
    ),
    route('retry_job', job, (body) => sim.retryJob(jobId(body))),
    route('deliveries', {}, () => sim.deliveries),
    route('violations', {}, () => sim.violations),
    route('managers', {}, () => sim.managers()),
    route('rate_limit', { per_minute: integer }, (body) => {
      const perMinute = body.integer('per_minute');
      sim.faults.setRateLimit(perMinute === undefined ? undefined : { perMinute });
    }),
  ];
}

function pushOf(body: FieldValues) {
  const [ref, sha, title, modified] = [
    body.text('ref'),
    body.text('sha'),
    body.text('title'),
    body.texts('modified'),
  ];
  return {
    ...(ref !== undefined && { ref }),
    ...(sha !== undefined && { sha }),
    ...(title !== undefined && { title }),
    ...(modified !== undefined && { modified }),
  };
}
