import type { HeartbeatBody } from '@polar-gosling/api-contract';
import type { AgentState } from '@polar-gosling/domain';
import { goslingVersion } from '../version.ts';
import type { AgentModel } from './agent-model.ts';
import type { RunningJobs } from './child-runner.ts';
import type { HostUsage } from './host-usage.ts';

export interface ReportFacts {
  readonly seq: number;
  readonly now: number;
  readonly state: AgentState;
  readonly model: AgentModel;
  readonly running: RunningJobs;
  readonly usage: HostUsage;
  readonly runnerLabel: string;
  readonly configHash: string;
  readonly lastJobAt: number | undefined;
  readonly problem: { readonly code: string; readonly detail: string } | undefined;
  readonly buffered: HeartbeatBody['buffered'];
}

const mostJobs = 200;
const longestDetail = 2_000;

export function buildReport(facts: ReportFacts): HeartbeatBody {
  const { model, running, usage, problem, buffered, lastJobAt } = facts;
  return {
    seq: facts.seq,
    sent_at: iso(facts.now),
    state: facts.state,
    jobs: running.jobs.slice(0, mostJobs).map((job) => ({
      server: job.server,
      project_id: running.projectOf(job.jobId),
      job_id: job.jobId,
      since: iso(job.since),
    })),
    job_count: model.jobsDone,
    cpu_usage: usage.cpu,
    memory_usage: usage.memory,
    disk_usage: usage.disk,
    agent_version: facts.runnerLabel,
    gosling_version: goslingVersion,
    config_hash: facts.configHash,
    failure_count: model.failures,
    ...(lastJobAt === undefined ? {} : { last_job_at: iso(lastJobAt) }),
    ...(problem === undefined
      ? {}
      : { error: { code: problem.code, detail: problem.detail.slice(0, longestDetail) } }),
    ...(buffered === undefined || buffered.length === 0 ? {} : { buffered }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
