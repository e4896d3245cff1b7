import { type EggConfig, serverlessLimitMs } from '@polar-gosling/domain';
import { Secret, sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions, EggConfigRow, RunnerAgentRow, RunnerRow } from '@polar-gosling/ports/store';
import type { BootstrapAnswer, BootstrapRequest } from '../api/agents.ts';
import type { EngineDeps } from '../api/engine.ts';
import { readCaCertificates } from '../bind/ca-file.ts';
import { scopeOf } from '../bind/targets.ts';
import { agentErrors, bootstrapErrors } from '../errors.ts';
import { readInForce } from '../rollback/in-force.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, dirtyWrites } from '../rows/writes.ts';
import { runnerConfigOrProblem } from './config-problem.ts';

/** The 10 minutes of a one-time token begin when the apply that makes its machine starts. */
export const bootstrapTtlMs = 10 * 60_000;
const agentTokenBytes = 32;

/** Trades a runner's one-time token for its agent token, its registration's token and its configuration. */
export async function bootstrap(
  deps: EngineDeps,
  request: BootstrapRequest,
  options: CallOptions,
): Promise<BootstrapAnswer> {
  const { runner, agent } = await readRunner(deps, request.runnerId, options);
  refuse(deps, { request, runner, agent });

  const inForce = await readInForce(deps, runner.egg_name, options);
  if (inForce === undefined) throw agentErrors.unknown({});
  const answer = await compose(deps, { egg: inForce.egg, runner, request }, options);

  const outcome = await deps.store.commit(
    [
      {
        kind: 'update',
        key: { table: 'runner_agents', partition: runner.id },
        set: {
          boot_id: request.bootId,
          logged_in_at: deps.clock.now(),
          agent_token_sha256: sha256Hex(answer.agentToken.reveal()),
          reported_state: 'booting',
        },
        when: { kind: 'version', version: agent.version },
      },
      auditWrite(
        {
          actor: 'agent',
          action: 'bootstrap',
          resourceType: 'runner',
          resourceId: runner.id,
          details: { egg: runner.egg_name, gosling: request.goslingVersion, platform: request.platform },
        },
        deps,
      ),
      ...dirtyWrites(runner.egg_name, { trace: runner.id }, deps),
    ],
    options,
  );
  // Two at once: the first one's answer holds.
  if (outcome.kind === 'conflict') throw bootstrapErrors.used({});
  deps.queue.wake();
  deps.log.info('a runner traded its one-time token', { egg: runner.egg_name, runnerId: runner.id });
  return answer;
}

/** A runner and its agent by the id that an agent names. Fails as a foreign token does. */
export async function readRunner(
  deps: EngineDeps,
  id: string,
  options: CallOptions,
): Promise<{ runner: RunnerRow; agent: RunnerAgentRow }> {
  const runner = await getRow(deps.store, { ...typed.runners, key: { partition: id } }, options);
  const agent = await getRow(deps.store, { ...typed.runnerAgents, key: { partition: id } }, options);
  if (runner === undefined || agent === undefined) throw bootstrapErrors.foreign({});
  return { runner, agent };
}

/** Is this one-time token still good? Fails with what it is not. */
export function refuse(
  deps: EngineDeps,
  at: {
    request: Pick<BootstrapRequest, 'token'> & { readonly bootId?: string };
    runner: RunnerRow;
    agent: RunnerAgentRow;
  },
): void {
  const { request, runner, agent } = at;
  if (sha256Hex(request.token.reveal()) !== agent.bootstrap_sha256) throw bootstrapErrors.foreign({});
  // What failed while it was made is removed: it must not begin to take jobs.
  const isEnding = runner.state === 'failed' || runner.state === 'terminating';
  if (isEnding || runner.state === 'terminated') throw agentErrors.terminated({});
  // The same boot may ask again until its first report: its first answer may have been lost.
  const isRepeat = agent.boot_id === request.bootId && agent.last_heartbeat === undefined;
  if (agent.boot_id !== undefined && !isRepeat) throw bootstrapErrors.used({});
  const from = agent.bootstrap_from;
  if (from === undefined || deps.clock.now() > from + bootstrapTtlMs) throw bootstrapErrors.expired({});
}

async function compose(
  deps: EngineDeps,
  at: { egg: EggConfigRow; runner: RunnerRow; request: BootstrapRequest },
  options: CallOptions,
): Promise<BootstrapAnswer> {
  const { egg, runner } = at;
  const config: EggConfig = egg.config;
  const registration = await getRow(
    deps.store,
    { ...typed.registrations, key: { partition: runner.registration_id } },
    options,
  );
  const role = `runner token of egg ${egg.name}`;
  const token = registration && (await deps.secrets.read(registration.token_ref, { ...options, role }));
  if (registration === undefined || token === undefined) throw agentErrors.unknown({});
  const scope = scopeOf(config, registration);
  if (scope === undefined) throw agentErrors.unknown({});
  const caPem = readCaCertificates(deps, { file: scope.caFile, egg: egg.name });
  const life = lifeOf(runner, config);
  return {
    agentToken: new Secret(deps.ids.token(agentTokenBytes)),
    runnerId: runner.id,
    eggName: egg.name,
    pool: runner.pool,
    machineHash: runner.machine_hash,
    configHash: egg.config_hash,
    gitlab: {
      url: scope.url,
      token,
      systemId: runner.system_id,
      ...(caPem === undefined ? {} : { caPem }),
    },
    config: await runnerConfigOrProblem(deps, egg, options),
    timeouts: {
      jobS: life.jobS,
      drainS: life.jobS,
      idlePoweroffS: 3600,
      silentAcceptS: 900,
      maxLifeAt: life.endsAt,
    },
    heartbeatS: deps.settings.heartbeatMs / 1000,
    runnerVersion: { want: 'latest', ...runnerDownload(deps, at.request) },
  };
}

const archOf: Readonly<Record<string, string>> = { x64: 'amd64', aarch64: 'arm64' };

/** Only for a platform whose SHA-256 is known. */
function runnerDownload(
  { settings }: EngineDeps,
  { platform, architecture }: BootstrapRequest,
): Pick<BootstrapAnswer['runnerVersion'], 'mirror' | 'sha256'> {
  const arch = archOf[architecture] ?? architecture;
  const sha256 = settings.runnerMirror?.sha256[`${platform}-${arch}`];
  if (settings.runnerMirror === undefined || sha256 === undefined) return {};
  const mirror = settings.runnerMirror.url.replaceAll('{os}', platform).replaceAll('{arch}', arch);
  return { mirror, sha256 };
}

const weekMs = 7 * 86_400_000;
const defaultJobS = 3600;
/** What is left of a container's hour for a job, after it has started and before it has to have ended. */
const serverlessJobS = 55 * 60;

/** How long a job and its runner may last: a serverless runner is ended by its platform after an hour. */
function lifeOf(runner: RunnerRow, config: EggConfig): { jobS: number; endsAt: number } {
  const jobS = config.runner.maximumTimeoutS ?? defaultJobS;
  if (runner.type !== 'serverless') return { jobS, endsAt: runner.created_at + weekMs };
  return { jobS: Math.min(jobS, serverlessJobS), endsAt: runner.created_at + serverlessLimitMs };
}
