import { parseDuration } from '@polar-gosling/kernel';
import { parse } from 'smol-toml';
import { TableReader } from './table-reader.ts';

/** One `[[runners]]` entry, as far as the simulator's runner acts on it. */
export interface RunnerEntry {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  /** 0 = no limit of its own. */
  readonly limit: number;
  readonly outputLimitBytes: number;
  readonly requestConcurrency: number;
  readonly isStrictInterval: boolean;
  readonly unhealthyRequestsLimit: number;
  readonly unhealthyIntervalMs: number;
  readonly environment: readonly { readonly key: string; readonly value: string }[];
  readonly buildsDir: string | undefined;
  readonly caFile: string | undefined;
  readonly preBuildScript: string | undefined;
  readonly postBuildScript: string | undefined;
}

export interface RunnerConfig {
  readonly concurrent: number;
  readonly checkIntervalMs: number;
  readonly shutdownTimeoutMs: number;
  readonly listenAddress: string | undefined;
  readonly runners: readonly RunnerEntry[];
}

/** Keys gitlab-runner has and this runner takes note of without acting on them. */
const passiveGlobalKeys = ['log_level', 'log_format', 'connection_max_age', 'session_server'];
const passiveRunnerKeys = [
  'id',
  'token_obtained_at',
  'token_expires_at',
  'cache_dir',
  'shell',
  'pre_get_sources_script',
  'post_get_sources_script',
  'clone_url',
  'feature_flags',
  'labels',
  'cache',
  'custom_build_dir',
  'monitoring',
];

/** Reads a `config.toml`; a key that gitlab-runner's `lint` would not know is a problem. */
export function parseRunnerConfig(
  toml: string,
): { kind: 'ok'; config: RunnerConfig } | { kind: 'invalid'; problems: readonly string[] } {
  const problems: string[] = [];
  const root = new TableReader('', parseToml(toml, problems), problems);
  const config: RunnerConfig = {
    concurrent: root.integer('concurrent', { min: 1 }) ?? 1,
    checkIntervalMs: root.count('check_interval', 3) * 1000,
    shutdownTimeoutMs: root.count('shutdown_timeout', 30) * 1000,
    listenAddress: root.filled('listen_address'),
    runners: root.tables('runners').map(readEntry),
  };
  root.refuseOthers(passiveGlobalKeys);
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'ok', config };
}

function parseToml(toml: string, problems: string[]): unknown {
  try {
    return parse(toml);
  } catch (error) {
    problems.push(String(error));
    return {};
  }
}

function readEntry(table: TableReader): RunnerEntry {
  const executor = table.text('executor');
  if (executor !== 'shell') table.problem('executor', `should be "shell", not "${executor ?? ''}"`);
  const entry: RunnerEntry = {
    name: table.text('name') ?? '',
    url: table.required('url').replace(/\/+$/, ''),
    token: table.required('token'),
    limit: table.integer('limit', { min: 0 }) ?? 0,
    outputLimitBytes: table.count('output_limit', 4096) * 1024,
    requestConcurrency: table.count('request_concurrency', 1),
    isStrictInterval: table.flag('strict_check_interval') ?? false,
    unhealthyRequestsLimit: table.count('unhealthy_requests_limit', 3),
    unhealthyIntervalMs: readInterval(table),
    environment: (table.texts('environment') ?? []).map(readVariable),
    buildsDir: table.filled('builds_dir'),
    caFile: table.filled('tls-ca-file'),
    preBuildScript: table.filled('pre_build_script'),
    postBuildScript: table.filled('post_build_script'),
  };
  table.refuseOthers(passiveRunnerKeys);
  return entry;
}

function readInterval(table: TableReader): number {
  const intervalMs = parseDuration(table.filled('unhealthy_interval') ?? '60m');
  if (intervalMs === undefined) table.problem('unhealthy_interval', 'should be a duration such as "2m"');
  return intervalMs ?? 0;
}

function readVariable(text: string): { key: string; value: string } {
  const end = text.indexOf('=');
  return end < 0 ? { key: text, value: '' } : { key: text.slice(0, end), value: text.slice(end + 1) };
}
