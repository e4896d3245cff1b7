import type { GitlabHook, GitlabJob, GitlabManager, GitlabProject } from '@polar-gosling/ports/gitlab';
import { z } from 'zod';

// Only the fields we use, the rest passes; `null` and absent mean the same.

const id = z.int().nonnegative();
const maybe = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** A time of GitLab as ms: ISO, `2021-02-23 02:41:37 UTC`, or a date alone. */
const time = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'is no time' });
  return z.NEVER;
});

export const projectSchema: z.ZodType<GitlabProject> = z
  .object({ id, path_with_namespace: z.string(), default_branch: maybe(z.string()) })
  .transform((row) => ({
    id: row.id,
    pathWithNamespace: row.path_with_namespace,
    ...(row.default_branch === undefined ? {} : { defaultBranch: row.default_branch }),
  }));

export const jobSchema: z.ZodType<GitlabJob> = z
  .object({
    id,
    name: z.string(),
    status: z.string(),
    tag_list: maybe(z.array(z.string())),
    ref: z.string(),
    pipeline: z.object({ id }),
    created_at: time,
    started_at: maybe(time),
    finished_at: maybe(time),
    queued_duration: maybe(z.number()),
    runner: maybe(z.object({ id })),
    runner_manager: maybe(z.object({ system_id: z.string() })),
    failure_reason: maybe(z.string()),
    web_url: maybe(z.string()),
  })
  .transform((row) => ({
    id: row.id,
    name: row.name,
    status: row.status,
    tags: row.tag_list ?? [],
    ref: row.ref,
    pipelineId: row.pipeline.id,
    createdAt: row.created_at,
    ...present({
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      queuedDurationS: row.queued_duration,
      runnerId: row.runner?.id,
      systemId: row.runner_manager?.system_id,
      failureReason: row.failure_reason,
      webUrl: row.web_url,
    }),
  }));

export const hookSchema: z.ZodType<GitlabHook> = z
  .object({
    id,
    url: z.string(),
    alert_status: maybe(z.string()),
    token_present: maybe(z.boolean()),
    signing_token_present: maybe(z.boolean()),
  })
  .transform((row) => ({
    id: row.id,
    url: row.url,
    ...present({
      alertStatus: row.alert_status,
      hasToken: row.token_present,
      hasSigningToken: row.signing_token_present,
    }),
  }));

export const managerSchema: z.ZodType<GitlabManager> = z
  .object({
    system_id: z.string(),
    contacted_at: maybe(time),
    status: z.string(),
    job_execution_status: maybe(z.string()),
  })
  .transform((row) => ({
    systemId: row.system_id,
    status: row.status,
    ...present({ contactedAt: row.contacted_at, jobExecutionStatus: row.job_execution_status }),
  }));

export const metadataSchema = z.object({ version: z.string() });

export const tokenSchema = z.object({ scopes: z.array(z.string()), expires_at: maybe(time) });

export const createdRunnerSchema = z.object({ id, token: z.string().min(1), token_expires_at: maybe(time) });

export const runnerRowSchema = z.object({ id });

export const runnerSchema = z.object({
  id,
  maintenance_note: maybe(z.string()),
  projects: maybe(z.array(z.object({ id }))),
});

type Present<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

/** Leaves out what is absent. */
function present<Fields extends object>(fields: Fields): Present<Fields> {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Present<Fields>;
}
