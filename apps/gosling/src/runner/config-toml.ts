import type { BootstrapAnswer } from '@polar-gosling/api-contract';
import { parse, stringify, type TomlTable } from 'smol-toml';

export interface ConfigTomlFacts {
  readonly answer: BootstrapAnswer;
  readonly listenAddress: string;
  readonly buildsDir: string;
  readonly cacheDir: string;
  /** Where `gitlab.ca_pem` was written, else what NODE_EXTRA_CA_CERTS names. */
  readonly caFile: string | undefined;
  readonly shutdownTimeoutS: number;
}

/** What the Egg's `config_toml_extra` may not change: the agent stands on it. */
const ours = ['concurrent', 'listen_address', 'shutdown_timeout', 'log_format', 'runners'];
const oursOfRunner = ['name', 'url', 'token', 'executor', 'limit', 'builds_dir', 'cache_dir', 'environment'];

/**
 * The `config.toml` of one runner. `problem`: the Egg's extra text could not be read and is left out.
 */
export function renderConfigToml(facts: ConfigTomlFacts): { text: string; problem?: string } {
  const base = globalTable(facts);
  const runner = runnerTable(facts);
  const extra = parseExtra(facts.answer.config.config_toml_extra);
  const globalExtra = without(extra.table, ours);
  const runnerExtra = without(extra.runner, oursOfRunner);
  const table = { ...merge(base, globalExtra), runners: [merge(runner, runnerExtra)] };
  return { text: stringify(table), ...(extra.problem === undefined ? {} : { problem: extra.problem }) };
}

function globalTable({ answer, listenAddress, shutdownTimeoutS }: ConfigTomlFacts): TomlTable {
  return {
    concurrent: answer.config.concurrent,
    check_interval: isLoopback(answer.gitlab.url) ? 1 : 3,
    log_level: 'info',
    log_format: 'json',
    listen_address: listenAddress,
    shutdown_timeout: shutdownTimeoutS,
  };
}

function runnerTable(facts: ConfigTomlFacts): TomlTable {
  const { gitlab, config, runner_id } = facts.answer;
  return {
    name: `gosling ${runner_id}`,
    url: gitlab.url,
    token: gitlab.token,
    executor: config.executor,
    ...(config.executor === 'shell' ? { shell: 'bash' } : {}),
    limit: config.concurrent,
    request_concurrency: config.concurrent,
    // Three refused requests would switch the worker off for an hour.
    unhealthy_interval: '2m',
    unhealthy_requests_limit: 5,
    environment: Object.entries(config.environment).map(([name, value]) => `${name}=${value}`),
    builds_dir: facts.buildsDir,
    cache_dir: facts.cacheDir,
    ...(facts.caFile === undefined ? {} : { 'tls-ca-file': facts.caFile }),
    ...(config.pre_build_script === undefined ? {} : { pre_build_script: config.pre_build_script }),
    // The registration's token is rotated by MotherGoose, which knows every machine that uses it.
    feature_flags: { FF_DISABLE_AUTOMATIC_TOKEN_ROTATION: true },
    ...(config.executor === 'docker' ? { docker: dockerTable(config) } : {}),
    ...(config.cache === undefined ? {} : { cache: toToml(config.cache) }),
  };
}

function dockerTable(config: BootstrapAnswer['config']): TomlTable {
  const docker = without(toToml(config.docker ?? {}), ['auth_config_secret']);
  return { image: config.image ?? 'alpine:latest', ...docker };
}

/** Values of a JSON object as TOML has them, keys in snake_case; what TOML cannot hold is left out. */
function toToml(table: Readonly<Record<string, unknown>>): TomlTable {
  const converted: TomlTable = {};
  for (const [key, value] of Object.entries(table)) {
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const plain = toTomlValue(value);
    if (plain !== undefined) converted[name] = plain;
  }
  return converted;
}

function toTomlValue(value: unknown): TomlTable[string] | undefined {
  if (isTable(value)) return toToml(value);
  if (Array.isArray(value)) return value.map(String);
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isPlain ? value : undefined;
}

function parseExtra(text: string | undefined): { table: TomlTable; runner: TomlTable; problem?: string } {
  if (text === undefined || text.trim() === '') return { table: {}, runner: {} };
  try {
    const table = parse(text);
    const runners = table['runners'];
    const first = Array.isArray(runners) ? runners[0] : runners;
    return { table, runner: isTable(first) ? toTomlTable(first) : {} };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { table: {}, runner: {}, problem: `config_toml_extra is no TOML: ${reason.split('\n')[0]}` };
  }
}

function merge(base: TomlTable, extra: TomlTable): TomlTable {
  const merged: TomlTable = { ...base };
  for (const [key, value] of Object.entries(extra)) {
    const known = merged[key];
    merged[key] = isTable(known) && isTable(value) ? merge(toTomlTable(known), toTomlTable(value)) : value;
  }
  return merged;
}

function without(table: TomlTable, names: readonly string[]): TomlTable {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A table that came out of a TOML text holds TOML values only. */
function toTomlTable(value: Readonly<Record<string, unknown>>): TomlTable {
  return value as TomlTable;
}

function isLoopback(url: string): boolean {
  return /^https?:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/i.test(url);
}
