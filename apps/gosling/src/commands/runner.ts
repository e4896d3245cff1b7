import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApiClient } from '@polar-gosling/api-contract';
import { parseDuration } from '@polar-gosling/kernel';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { type AgentConfig, forgetBootstrapVariables, readAgentConfig } from '../config.ts';
import { createHttpFetch } from '../http-fetch.ts';
import { agentFiles } from '../runner/agent-files.ts';
import { createAgentLog } from '../runner/agent-log.ts';
import { readCa } from '../runner/child-runner.ts';
import { fetchRunner, type RunnerDownload } from '../runner/fetch-runner.ts';
import { readInvocation } from '../runner/invocation.ts';
import { type BootDeps, runAgent } from '../runner/run-agent.ts';
import { findRunnerBinary } from '../runner/runner-binary.ts';
import { runnerErrors } from '../runner/runner-errors.ts';
import { goslingVersion } from '../version.ts';

const probeMs = 1_000;

export const run: Command = async (context, input) => {
  const config = readAgentConfig(context.env);
  forgetBootstrapVariables();
  const named = input.text('runner-id') !== undefined || input.text('egg-name') !== undefined;
  const invocation =
    named || config.requestPath === undefined ? undefined : await readInvocation(config.requestPath);
  const url = invocation?.url ?? config.url;
  if (url === undefined) throw cliErrors.usage({ problem: 'GOSLING_URL is not set' });
  const bootstrapToken = invocation?.bootstrapToken ?? config.bootstrapToken;
  const who: Who =
    invocation === undefined
      ? { runnerId: required(input, 'runner-id'), egg: required(input, 'egg-name'), directory: context.cwd }
      : // The service may invoke one instance again: each runner has a directory of its own.
        { ...invocation, egg: invocation.eggName, directory: path.join(tmpdir(), invocation.runnerId) };
  return await runAgent(await agentDeps(context, input, { ...config, url, bootstrapToken, who }));
};

interface Who {
  readonly runnerId: string;
  readonly egg: string;
  readonly directory: string;
}

async function agentDeps(
  context: CliContext,
  input: CommandInput,
  config: AgentConfig & { readonly url: string; readonly who: Who },
): Promise<BootDeps> {
  const { clock, ids, output } = context;
  const { who } = config;
  const log = createAgentLog({
    write: (text) => output.stderr.write(text),
    clock,
    level: config.logLevel,
    masker: context.masker,
  });
  const { proxies } = config;
  const ca = await readCa(config.caFile);
  const files = agentFiles(who.directory);
  const backEnd = createHttpFetch({ caPem: ca, minTls: 'TLSv1.3', proxies });
  return {
    runnerId: who.runnerId,
    connect: (token) =>
      createApiClient({
        baseUrl: config.url,
        token,
        fetch: backEnd.fetch,
        userAgent: `gosling/${goslingVersion}`,
        timeoutMs: 15_000,
      }),
    bootstrap: {
      read: () => readToken(config),
      forget: async () => {
        if (config.bootstrapTokenFile !== undefined) await rm(config.bootstrapTokenFile, { force: true });
      },
    },
    files,
    fetch: createHttpFetch({}).fetch,
    gitlabFetch: (caPem) => createHttpFetch({ caPem, proxies }).fetch,
    findBinary: (want, signal) =>
      findRunnerBinary({
        configured: config.gitlabRunnerBin,
        path: context.env['PATH'],
        node: process.execPath,
        signal,
        fetch: () => fetchWanted(want, { directory: files.bin, environment: context.env, ca, signal }),
      }),
    jobUser: process.getuid?.() === 0 ? config.jobUser : undefined,
    outside: '/var/tmp',
    childEnv: config.childEnv,
    clock,
    ids,
    log,
    masker: context.masker,
    onSignal,
    metricsIntervalMs: duration(input, 'metrics-interval'),
    probeMs,
  };
}

/** What MotherGoose says this machine shall run, where she does. */
async function fetchWanted(
  { mirror, sha256 }: Parameters<BootDeps['findBinary']>[0],
  at: Omit<RunnerDownload, 'url' | 'sha256'>,
): Promise<string | undefined> {
  if (mirror === undefined) return undefined;
  if (sha256 === undefined) throw runnerErrors.noChecksum({});
  return fetchRunner({ ...at, url: mirror, sha256 });
}

async function readToken(config: AgentConfig): Promise<string | undefined> {
  if (config.bootstrapToken !== undefined) return config.bootstrapToken;
  if (config.bootstrapTokenFile === undefined) return undefined;
  try {
    return (await readFile(config.bootstrapTokenFile, 'utf8')).trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw cliErrors.unreadable({ path: config.bootstrapTokenFile, reason }, { cause: error });
  }
}

/** SIGTERM and SIGINT drain politely; again, they end the jobs. */
function onSignal(callback: () => void): () => void {
  const names = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
  for (const name of names) process.on(name, callback);
  return () => {
    for (const name of names) process.off(name, callback);
  };
}

function required(input: CommandInput, option: string): string {
  const value = input.text(option);
  if (value === undefined) throw cliErrors.usage({ problem: `--${option} is missing` });
  return value;
}

function duration(input: CommandInput, option: string): number {
  const text = input.text(option) ?? '';
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000) return ms;
  throw cliErrors.usage({ problem: `--${option} "${text}" is no duration`, fix: 'write it like 30s or 5m' });
}
