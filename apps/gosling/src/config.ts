import { homedir } from 'node:os';
import path from 'node:path';
import { unknownSettings } from '@polar-gosling/api-contract/settings';
import type { ProxySettings } from './http-fetch.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the CLI takes from its environment. */
export interface CliConfig {
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly isOffline: boolean;
  /** What an embedded instance writes; absolute. */
  readonly dataDir: string;
  readonly profileFile: string;
  readonly isCi: boolean;
  readonly noColor: boolean;
  readonly forceColor: boolean;
  readonly isDumb: boolean;
}

export function processEnvironment(): Environment {
  return process.env;
}

/** Pure: every problem at once, every default filled. Unknown `GOSLING_*` names are problems. */
export function readCliConfig(
  env: Environment,
  cwd: string,
): { readonly config: CliConfig; readonly problems: readonly string[] } {
  const configHome = env['XDG_CONFIG_HOME'] || path.join(env['HOME'] || homedir(), '.config');
  const config: CliConfig = Object.freeze({
    url: given(env['GOSLING_URL']),
    token: given(env['GOSLING_TOKEN']),
    tokenFile: given(env['GOSLING_TOKEN_FILE']),
    isOffline: isOn(env['GOSLING_OFFLINE']),
    dataDir: path.resolve(cwd, given(env['GOSLING_DATA_DIR']) ?? '.gosling'),
    profileFile: path.join(configHome, 'gosling', 'config.json'),
    isCi: isOn(env['CI']),
    noColor: given(env['NO_COLOR']) !== undefined,
    forceColor: isOn(env['FORCE_COLOR']),
    isDumb: env['TERM'] === 'dumb',
  });
  return { config, problems: [...unknownNames(env), ...urlProblems(config.url)] };
}

function unknownNames(env: Environment): string[] {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  return unknownSettings(given).map(({ name, message }) => `${name}: ${message}`);
}

function urlProblems(url: string | undefined): string[] {
  if (url === undefined) return [];
  if (!URL.canParse(url) || !/^https?:/.test(url)) return ['GOSLING_URL is no http(s) address'];
  return [];
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase());
}

/** What the agent takes from its environment. */
export interface AgentConfig {
  readonly url: string | undefined;
  readonly bootstrapToken: string | undefined;
  readonly bootstrapTokenFile: string | undefined;
  /** File of the request that a container service has invoked us with. */
  readonly requestPath: string | undefined;
  readonly caFile: string | undefined;
  readonly jobUser: string | undefined;
  readonly gitlabRunnerBin: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly proxies: ProxySettings;
  /** For `gitlab-runner`: nothing of ours, and nothing that was not named here. */
  readonly childEnv: Readonly<Record<string, string>>;
}

const inherited = [
  ...[
    'PATH',
    'HOME',
    'TMPDIR',
    'LANG',
    'LC_ALL',
    'TZ',
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
  ],
  ...['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'],
];

export function readAgentConfig(env: Environment): AgentConfig {
  const level = env['GOSLING_LOG_LEVEL'];
  return Object.freeze({
    url: given(env['GOSLING_URL']),
    bootstrapToken: given(env['GOSLING_BOOTSTRAP_TOKEN']),
    bootstrapTokenFile: given(env['GOSLING_BOOTSTRAP_TOKEN_FILE']),
    requestPath: given(env['REQUEST_PATH']),
    caFile: given(env['GOSLING_CA_FILE']),
    jobUser: given(env['GOSLING_JOB_USER']),
    gitlabRunnerBin: given(env['GOSLING_GITLAB_RUNNER_BIN']),
    logLevel: level === 'debug' || level === 'warn' || level === 'error' ? level : 'info',
    proxies: readProxies(env),
    childEnv: Object.fromEntries(
      inherited.flatMap((name) => {
        const value = env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  });
}

/** The proxies that every client of ours honours. */
export function readProxies(env: Environment): ProxySettings {
  return {
    http: given(env['http_proxy']) ?? given(env['HTTP_PROXY']),
    https: given(env['https_proxy']) ?? given(env['HTTPS_PROXY']),
    none: given(env['no_proxy']) ?? given(env['NO_PROXY']),
  };
}

/** The one-time token leaves our environment at once: nothing that we start may inherit it. */
export function forgetBootstrapVariables(): void {
  delete process.env['GOSLING_BOOTSTRAP_TOKEN'];
  delete process.env['GOSLING_BOOTSTRAP_TOKEN_FILE'];
}
