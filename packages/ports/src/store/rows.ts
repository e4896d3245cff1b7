import { z } from 'zod';

/** Columns that the store sets on every row. */
const stored = { version: z.number(), updated_at: z.number() };
const optional = {
  text: z.string().optional(),
  number: z.number().optional(),
};
const { text, number } = optional;

const json = z.any();

export const EggConfigRow = z.object({
  ...stored,
  name: z.string(),
  kind: z.enum(['egg', 'bucket', 'uf', 'mg', 'nest']),
  config: json,
  config_hash: z.string(),
  machine_hash: z.string(),
  git_commit: z.string(),
  source_file: z.string(),
  status: z.enum(['active', 'draining', 'invalid']),
  problem: json.optional(),
  synced_at: z.number(),
  created_at: z.number(),
  gitlab_server: text,
  gitlab_project_id: number,
  gitlab_group_id: number,
});
export type EggConfigRow = z.infer<typeof EggConfigRow>;

export const EggStateRow = z.object({
  ...stored,
  egg_name: z.string(),
  dirty_generation: z.number().default(0),
  done_generation: z.number().default(0),
  dirty: text,
  shards: z.number().default(1),
  backoff_until: number,
  failures: z.number().default(0),
  /** When the last of the failures was. */
  failed_at: number,
  /** The count of failures the last back-off was set for. */
  backoff_failures: number,
  /** Applies in a row that found no capacity: launches ask the next zone, type or market. */
  without_capacity: number,
  refreshed: json.optional(), // by shard: when its state was last compared with its cloud
  /** By shard: where everything is that its state has ever known. */
  places: json.optional(),
  /** By shard: runs that failed in a row, of an Egg its removals. */
  failing: json.optional(),
  /** What hinders it now, by code: `{code: {detail, since}}`. */
  problems: json.optional(),
});
export type EggStateRow = z.infer<typeof EggStateRow>;

export const EggMemberRow = z.object({
  ...stored,
  egg_name: z.string(),
  item: z.string(),
  state: z.string(),
});
export type EggMemberRow = z.infer<typeof EggMemberRow>;

export const BindingRow = z.object({
  ...stored,
  server_project: z.string(),
  egg_name: z.string(),
  repo: text,
  tags: z.array(z.string()),
  run_untagged: z.boolean(),
  via: z.enum(['project', 'group']),
  /** The registration whose runners take this project's jobs for this Egg. */
  registration_id: text,
});
export type BindingRow = z.infer<typeof BindingRow>;

export const ProjectRow = z.object({
  ...stored,
  server_project: z.string(),
  path_with_namespace: text,
  /** `server#path`, the key of the index `path`. */
  path: text,
  hook_owner: text,
  hook_id: number,
  hook_url: text,
  /** Of the token that GitLab was given last. */
  hook_token_sha256: text,
  /** Of the key to sign with that GitLab was given last. */
  hook_signing_sha256: text,
  has_signing_token: z.boolean().default(false),
  alert_status: text,
  last_delivery_at: number,
  checked_at: number,
  sweep_bucket: z.string(),
  next_sweep_at: z.number(),
  last_swept_at: number,
});
export type ProjectRow = z.infer<typeof ProjectRow>;

export const WebhookTokenRow = z.object({
  ...stored,
  token_sha256: z.string(),
  server_project: z.string(),
  egg_name: z.string(),
  until: number,
});
export type WebhookTokenRow = z.infer<typeof WebhookTokenRow>;

export const RegistrationRow = z.object({
  ...stored,
  id: z.string(),
  egg_name: z.string(),
  server: z.string(),
  scope: z.enum(['project', 'group']),
  scope_id: z.number(),
  enabled_projects: z.array(z.number()),
  gitlab_runner_id: z.number(),
  token_ref: z.string(),
  token_expires_at: number,
  spec_hash: z.string(),
  state: z.enum(['active', 'rotating', 'retired']),
});
export type RegistrationRow = z.infer<typeof RegistrationRow>;

export const CiJobRow = z.object({
  ...stored,
  server_project: z.string(),
  job_id: z.number(),
  status: z.string(),
  rank: z.number(),
  tags: z.array(z.string()).optional(),
  name: z.string(),
  pipeline_id: z.number(),
  ref: z.string(),
  queued_at: z.number(),
  started_at: number,
  finished_at: number,
  egg_name: text,
  candidates: json.optional(),
  reason: text,
  open: text,
  runner_id: text,
  system_id: text,
  failure_reason: text,
  /** When it became the demand of `egg_name`. */
  assigned_at: number,
  /** Since when that Egg has been unable to serve it. */
  blocked_since: number,
  /** Why it waited last; the label of `job_wait_seconds`. */
  wait_cause: text,
  expires_at: number,
});
export type CiJobRow = z.infer<typeof CiJobRow>;

export const RunnerRow = z.object({
  ...stored,
  id: z.string(),
  egg_name: z.string(),
  type: z.enum(['vm', 'serverless']),
  state: z.enum([
    'requested',
    'provisioning',
    'booting',
    'idle',
    'active',
    'draining',
    'terminating',
    'terminated',
    'failed',
  ]),
  /** When `state` was entered. */
  state_since: z.number(),
  cloud_provider: z.string(),
  region: z.string(),
  gitlab_runner_id: number,
  deployed_from_commit: text,
  created_at: z.number(),
  last_heartbeat: number,
  failure_count: z.number().default(0),
  metadata: json.optional(),
  pool: z.enum(['apex', 'nadir']),
  system_id: z.string(),
  registration_id: z.string(),
  config_hash: z.string(),
  machine_hash: z.string(),
  deployment_id: text,
  /** What OpenTofu gets for this runner: JSON as UTF-8, sealed by the store; rendered once, never changed. */
  entry: z.instanceof(Uint8Array),
  shard: z.number(),
  address: z.string(),
  cloud_id: text,
  zone: text,
  spot: z.boolean().default(false),
  made: z.boolean(),
  deadline_at: number,
  desired: z.enum(['run', 'park', 'drain', 'stop']),
  unknown_since: number,
  strikes: z.number().default(0),
  launch_key: z.string(),
  expires_at: number,
});
export type RunnerRow = z.infer<typeof RunnerRow>;

export const RunnerAgentRow = z.object({
  ...stored,
  runner_id: z.string(),
  bootstrap_sha256: z.string(),
  bootstrap_from: number,
  boot_id: text,
  /** When it traded its one-time token. */
  logged_in_at: number,
  agent_token_sha256: text,
  prev_agent_token_sha256: text,
  seq: z.number().default(0),
  reported_state: text,
  last_heartbeat: number,
  current_jobs: z.array(json).default([]),
  jobs_done: z.number().default(0),
  failure_count: z.number().default(0),
  /** Since when it reports no job; absent while it has one. */
  idle_since: number,
  error: json.optional(),
  expires_at: number,
});
export type RunnerAgentRow = z.infer<typeof RunnerAgentRow>;

export const MarkRow = z.object({
  ...stored,
  runner_id: z.string(),
  action: z.enum(['drain', 'terminate', 'demote', 'promote', 'replace']),
  rule: z.string(),
  why: z.string(),
  by: z.string(),
  at: z.number(),
});
export type MarkRow = z.infer<typeof MarkRow>;

export const DeploymentRow = z.object({
  ...stored,
  egg_name: z.string(),
  id: z.string(),
  machine_hash: z.string(),
  config_hash: z.string(),
  git_commit: z.string(),
  bundle_ref: text,
  state: z.enum(['running', 'succeeded', 'failed', 'rolled_back', 'superseded']),
  started_at: z.number(),
  ended_at: number,
  boots_failed: z.number().default(0),
  jobs_succeeded: z.number().default(0),
  /** What of the Egg's configuration shaped its machines: a rollback brings it back. */
  machine: json.optional(),
});
export type DeploymentRow = z.infer<typeof DeploymentRow>;

export const PlanRow = z.object({
  ...stored,
  id: z.string(),
  egg_name: z.string(),
  plan_type: z.enum(['runner', 'rift']),
  kind: z.enum(['deploy', 'scale', 'rollback', 'destroy']),
  deployment_id: text,
  shard: z.number(),
  /** The plan itself, as OpenTofu encrypted it: only while it is armed. */
  plan_binary: z.instanceof(Uint8Array).optional(),
  plan_json: json.optional(),
  summary: json.optional(),
  config_hash: z.string(),
  git_commit: z.string(),
  bundle_ref: text,
  tofu_version: text,
  tofu_sha256: text,
  lineage: text,
  serial_before: number,
  serial_after: number,
  created_at: z.number(),
  applied_at: number,
  status: z.enum(['pending', 'applying', 'applied', 'failed', 'discarded', 'rolled_back']),
  rollback_plan_id: text,
  metadata: json.optional(),
});
export type PlanRow = z.infer<typeof PlanRow>;

export const LeaseRow = z.object({
  ...stored,
  name: z.string(),
  /** Empty: released. */
  holder: z.string(),
  fence: z.number(),
  expires_at: z.number(),
  acquired_at: z.number(),
  run_id: text,
});
export type LeaseRow = z.infer<typeof LeaseRow>;

export const OutboxRow = z.object({
  ...stored,
  id: z.string(),
  queue: z.string(),
  message: json,
  merge_key: text,
  unsent: text,
  visible_at: z.number(),
  lease_token: text,
  receives: z.number().default(0),
  answered: number,
  failures: number,
  buried_at: number,
  reason: text,
  sent_at: number,
  expires_at: number,
});
export type OutboxRow = z.infer<typeof OutboxRow>;

export const WebhookDeliveryRow = z.object({
  ...stored,
  dedup_key: z.string(),
  server_project: z.string(),
  kind: z.string(),
  facts: json,
  received_at: z.number(),
  state: z.string(),
  expires_at: number,
});
export type WebhookDeliveryRow = z.infer<typeof WebhookDeliveryRow>;

export const SyncRow = z.object({
  ...stored,
  nest: z.string(),
  id: z.string(),
  git_commit: z.string(),
  synced_at: z.number(),
  changes_detected: json.optional(),
  diagnostics_ref: text,
  status: z.enum(['success', 'partial', 'failed', 'held']),
  error_message: text,
});
export type SyncRow = z.infer<typeof SyncRow>;

export const AuditRow = z.object({
  ...stored,
  day: z.string(),
  id: z.string(),
  timestamp: z.number(),
  actor: z.string(),
  action: z.string(),
  resource_type: z.string(),
  resource_id: z.string(),
  details: json,
  expires_at: number,
});
export type AuditRow = z.infer<typeof AuditRow>;

export const ApiTokenRow = z.object({
  ...stored,
  token_sha256: z.string(),
  id: z.string(),
  name: z.string(),
  role: z.enum(['read', 'write', 'admin']),
  eggs: z.array(z.string()).optional(),
  created_at: z.number(),
  expires_at: number,
  last_used_at: number,
  revoked_at: number,
});
export type ApiTokenRow = z.infer<typeof ApiTokenRow>;

export const SelfJobRow = z.object({
  ...stored,
  name: z.string(),
  config: json,
  schedule: z.string(),
  git_commit: z.string(),
  schedule_id: number,
  last_run: number,
  next_run: number,
  status: z.string(),
  synced_at: z.number(),
});
export type SelfJobRow = z.infer<typeof SelfJobRow>;

export const SwitchRow = z.object({
  ...stored,
  name: z.string(),
  on: z.boolean(),
  by: z.string(),
  why: z.string(),
  at: z.number(),
});
export type SwitchRow = z.infer<typeof SwitchRow>;
