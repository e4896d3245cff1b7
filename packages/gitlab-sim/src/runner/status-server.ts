import { createServer, type Server } from 'node:http';
import type { Clock } from '@polar-gosling/kernel';
import type { RunnerConfig } from './runner-config.ts';
import { runnerRevision, runnerVersion } from './runner-info.ts';
import { type RunnerLog, shortToken } from './runner-log.ts';
import type { RunnerStatus, RunningJob } from './running-jobs.ts';

/** Serves what gitlab-runner serves on `listen_address`: metrics, job list, process state, readiness. */
export function startStatusServer(options: {
  status: RunnerStatus;
  config: () => RunnerConfig;
  clock: Clock;
  address: string;
  log: RunnerLog;
}): Server {
  const { status, clock } = options;
  const pages: Readonly<Record<string, () => string>> = {
    '/metrics': () => metricsPage(status, options.config()),
    '/debug/jobs/list': () => [...status.jobs].map((job) => `${jobLine(job, clock.monotonic())}\n`).join(''),
    '/debug/process/state': () => `${status.processState}\n`,
    '/health/ready': () => 'ok\n',
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://runner').pathname;
    const page = pages[path];
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    if (path === '/debug/jobs/list') response.setHeader('X-List-Version', '2');
    response.writeHead(page === undefined ? 404 : 200).end(page?.() ?? '404 page not found\n');
  });
  server.on('error', (error) => options.log('error', 'Metrics server failed', { error: String(error) }));
  const { host, port } = splitAddress(options.address);
  server.listen(port, host, () => {
    const bound = server.address();
    const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port;
    options.log('info', 'Metrics server listening', { listen_address: `${host}:${boundPort}` });
  });
  return server;
}

/** `127.0.0.1:9252`, `[::1]:9252`, `:9252`; port 9252 unless given. An empty host stays on loopback here. */
function splitAddress(address: string): { host: string; port: number } {
  const match = /^(.*?)(?::(\d+))?$/.exec(address);
  return {
    host: (match?.[1] ?? '').replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(match?.[2] ?? 9252),
  };
}

function jobLine(running: RunningJob, nowMs: number): string {
  const { job, stage } = running;
  const duration = goDuration(nowMs - running.startedAtMs);
  return `url=${job.url} state=running stage=${stage} executor_stage=prepare duration=${duration}`;
}

/** A duration as Go prints it: `1h2m3.5s`. */
function goDuration(ms: number): string {
  const seconds = ms / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

function metricsPage(status: RunnerStatus, config: RunnerConfig): string {
  const lines = [
    ...metric('gitlab_runner_version_info', 'gauge', [
      [{ name: 'gitlab-runner', version: runnerVersion, revision: runnerRevision, branch: 'simulated' }, 1],
    ]),
    ...metric('gitlab_runner_concurrent', 'gauge', [[{}, config.concurrent]]),
    ...metric(
      'gitlab_runner_limit',
      'gauge',
      config.runners.map((entry) => [{ runner: shortToken(entry.token), ...own(status) }, entry.limit]),
    ),
    ...metric('gitlab_runner_jobs', 'gauge', runningJobs(status)),
    ...metric('gitlab_runner_jobs_total', 'counter', [[own(status), status.jobsTotal]]),
    ...metric(
      'gitlab_runner_failed_jobs_total',
      'counter',
      [...status.failures].map(([reason, count]) => [{ failure_reason: reason, ...own(status) }, count]),
    ),
    ...metric('gitlab_runner_worker_health_check_failures_total', 'counter', [
      [own(status), status.healthCheckFailures],
    ]),
    ...metric('gitlab_runner_process_state_info', 'gauge', [[{ state: status.processState }, 1]]),
  ];
  return `${lines.join('\n')}\n`;
}

type Labels = Readonly<Record<string, string>>;

/** One series per runner and stage; none at all means idle. */
function runningJobs(status: RunnerStatus): [Labels, number][] {
  const counts = new Map<string, [Labels, number]>();
  for (const { entry, stage } of status.jobs) {
    const labels = {
      executor_stage: 'prepare',
      runner: shortToken(entry.token),
      runner_name: entry.name,
      stage,
      state: 'running',
      ...own(status),
    };
    const key = JSON.stringify(labels);
    counts.set(key, [labels, (counts.get(key)?.[1] ?? 0) + 1]);
  }
  return [...counts.values()];
}

function own(status: RunnerStatus): Labels {
  return { system_id: status.systemId };
}

function metric(name: string, type: string, series: readonly (readonly [Labels, number])[]): string[] {
  if (series.length === 0) return [];
  return [
    `# TYPE ${name} ${type}`,
    ...series.map(([labels, value]) => {
      const text = Object.entries(labels).map(([key, label]) => `${key}=${JSON.stringify(label)}`);
      return text.length === 0 ? `${name} ${value}` : `${name}{${text.join(',')}} ${value}`;
    }),
  ];
}
