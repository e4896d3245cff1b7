import type {
  AgentConfig,
  BootstrapAnswer,
  HeartbeatAnswer,
  HeartbeatBody,
} from '@polar-gosling/api-contract';
import type {
  AgentReport,
  BootstrapAnswer as BootstrapResult,
  HeartbeatAnswer as HeartbeatResult,
  RunnerConfig,
} from '@polar-gosling/engine';
import { fromTime, toTime } from './time.ts';

/** The only answer in which secrets go over the wire: to the runner they were made for. */
export function toWireBootstrap(result: BootstrapResult): BootstrapAnswer {
  const { gitlab, timeouts } = result;
  return {
    agent_token: result.agentToken.reveal(),
    runner_id: result.runnerId,
    egg_name: result.eggName,
    pool: result.pool,
    machine_hash: result.machineHash,
    config_hash: result.configHash,
    gitlab: {
      url: gitlab.url,
      token: gitlab.token.reveal(),
      system_id: gitlab.systemId,
      ca_pem: gitlab.caPem,
    },
    config: toWireAgentConfig(result.config),
    timeouts: {
      job_s: timeouts.jobS,
      drain_s: timeouts.drainS,
      idle_poweroff_s: timeouts.idlePoweroffS,
      silent_accept_s: timeouts.silentAcceptS,
      max_life_at: toTime(timeouts.maxLifeAt),
    },
    heartbeat_s: result.heartbeatS,
    runner_version: { ...result.runnerVersion },
  };
}

export function toWireHeartbeat(result: HeartbeatResult): HeartbeatAnswer {
  return {
    desired: result.desired,
    config_hash: result.configHash,
    config: result.config && toWireAgentConfig(result.config),
    next_in_s: result.nextInS,
  };
}

function toWireAgentConfig(config: RunnerConfig): AgentConfig {
  return {
    executor: config.executor,
    image: config.image,
    environment: { ...config.environment },
    concurrent: config.concurrent,
    max_jobs: config.maxJobs,
    tags: [...config.tags],
    docker: config.docker && { ...config.docker },
    pre_build_script: config.preBuildScript,
    config_toml_extra: config.configTomlExtra,
  };
}

export function fromWireReport(body: HeartbeatBody): AgentReport {
  return {
    ...reportOf(body),
    jobs: body.jobs.map((job) => ({
      server: job.server,
      projectId: job.project_id,
      jobId: job.job_id,
      since: fromTime(job.since),
    })),
    ...(body.buffered && { buffered: body.buffered.map(reportOf) }),
  };
}

function reportOf(report: Omit<HeartbeatBody, 'jobs' | 'buffered'>): Omit<AgentReport, 'jobs' | 'buffered'> {
  return {
    seq: report.seq,
    sentAt: fromTime(report.sent_at),
    state: report.state,
    jobCount: report.job_count,
    cpuUsage: report.cpu_usage,
    memoryUsage: report.memory_usage,
    diskUsage: report.disk_usage,
    agentVersion: report.agent_version,
    goslingVersion: report.gosling_version,
    configHash: report.config_hash,
    failureCount: report.failure_count,
    ...(report.last_job_at === undefined ? undefined : { lastJobAt: fromTime(report.last_job_at) }),
    ...(report.error && { error: report.error }),
  };
}
