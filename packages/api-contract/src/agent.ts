import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { Desired, RunnerParams, RunningJob } from './runners.ts';
import { Time } from './wire.ts';

/*
 * The agent's two calls. Both sides may be of different releases, so unknown fields pass here,
 * unlike in the operator's requests. Every text and list has a bound: the machine runs strangers' jobs.
 */

const Word = z.string().min(1).max(200);
const Percent = z.number().min(0).max(100);

export const BootstrapBody = z.object({
  gosling_version: Word,
  platform: Word,
  architecture: Word,
  boot_id: Word,
});
export type BootstrapBody = z.infer<typeof BootstrapBody>;

export const AgentConfig = z.object({
  executor: z.enum(['docker', 'shell']),
  image: z.string().optional(),
  environment: z.record(z.string(), z.string()),
  /** Jobs on this machine at once. */
  concurrent: z.int().min(1),
  max_jobs: z.int().min(1).optional(),
  tags: z.array(z.string()),
  docker: z.record(z.string(), z.unknown()).optional(),
  pre_build_script: z.string().optional(),
  config_toml_extra: z.string().optional(),
  cache: z.record(z.string(), z.unknown()).optional(),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

export const BootstrapAnswer = z.object({
  agent_token: z.string(),
  runner_id: z.string(),
  egg_name: z.string(),
  pool: z.enum(['apex', 'nadir']),
  machine_hash: z.string(),
  config_hash: z.string(),
  gitlab: z.object({
    url: z.string(),
    token: z.string(),
    system_id: z.string(),
    ca_pem: z.string().optional(),
  }),
  config: AgentConfig,
  timeouts: z.object({
    job_s: z.number(),
    drain_s: z.number(),
    idle_poweroff_s: z.number(),
    silent_accept_s: z.number(),
    max_life_at: Time,
  }),
  heartbeat_s: z.number(),
  runner_version: z.object({
    want: z.string(),
    mirror: z.string().optional(),
    sha256: z.string().optional(),
  }),
  rift: z.object({ url: z.string(), token: z.string() }).optional(),
});
export type BootstrapAnswer = z.infer<typeof BootstrapAnswer>;

const report = {
  seq: z.int().min(0),
  sent_at: Time,
  state: z.enum(['booting', 'idle', 'active', 'parked', 'draining', 'drained', 'finished', 'stopping']),
  job_count: z.int().min(0),
  cpu_usage: Percent,
  memory_usage: Percent,
  disk_usage: Percent,
  agent_version: Word,
  gosling_version: Word,
  config_hash: Word,
  failure_count: z.int().min(0),
  last_job_at: Time.optional(),
  error: z.object({ code: Word, detail: z.string().max(2_000) }).optional(),
};

/** A report that could not be sent when it was made. */
export const BufferedReport = z.object(report);

export const HeartbeatBody = z.object({
  ...report,
  jobs: z.array(RunningJob).max(200),
  buffered: z.array(BufferedReport).max(1_000).optional(),
});
export type HeartbeatBody = z.infer<typeof HeartbeatBody>;

export const HeartbeatAnswer = z.object({
  desired: Desired,
  config_hash: z.string(),
  /** Only when it changed. */
  config: AgentConfig.optional(),
  next_in_s: z.number(),
  /** Replaces the old one when it is first used. */
  agent_token: z.string().optional(),
});
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

export const GoslingQuery = z.strictObject({
  os: z.enum(['linux', 'darwin', 'windows']).optional(),
  arch: z.enum(['amd64', 'arm64']).optional(),
});

export const agentRoutes = {
  bootstrapRunner: {
    method: 'POST',
    path: '/runners/{id}/bootstrap',
    summary: 'An agent trades its one-time token',
    auth: 'bootstrap',
    params: RunnerParams,
    body: BootstrapBody,
    success: { status: 200, schema: BootstrapAnswer },
  },
  downloadGosling: {
    method: 'GET',
    path: '/runners/{id}/gosling',
    summary: 'The agent of the version that the runner was launched with; the one-time token is not used up',
    auth: 'bootstrap',
    params: RunnerParams,
    query: GoslingQuery,
    success: { status: 200, mediaType: 'application/octet-stream' },
    errors: [404, 410],
  },
  heartbeat: {
    method: 'POST',
    path: '/runners/{id}/heartbeat',
    summary: 'An agent reports and learns what it should do',
    auth: 'agent',
    params: RunnerParams,
    body: HeartbeatBody,
    success: { status: 200, schema: HeartbeatAnswer },
    errors: [404, 410],
  },
} as const satisfies RouteTable;
