import type { Secret } from '@polar-gosling/kernel';
import { sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions, EggConfigRow, RunnerAgentRow, RunnerRow, Write } from '@polar-gosling/ports/store';
import type { AgentReport, HeartbeatAnswer, RunnerConfig } from '../api/agents.ts';
import type { EngineDeps } from '../api/engine.ts';
import { agentErrors } from '../errors.ts';
import { readInForce } from '../rollback/in-force.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { dirtyWrites } from '../rows/writes.ts';
import { runnerConfigOrProblem } from './config-problem.ts';
import { keepBuffered, metricWrite } from './metrics.ts';

/** One report of an agent: kept as a fact for reconcile; the answer says what the runner shall do. */
export async function heartbeat(
  deps: EngineDeps,
  request: { readonly runnerId: string; readonly token: Secret; readonly report: AgentReport },
  options: CallOptions,
): Promise<HeartbeatAnswer> {
  const { report, runnerId } = request;
  const known = await commitDecision<{ runner: RunnerRow; isNews: boolean }>(
    deps.store,
    `agent ${runnerId}`,
    {
      signal: options.signal,
      decide: async () => {
        const { runner, agent } = await authenticate(deps, request, options);
        // An older report that came late says nothing new.
        if (report.seq <= agent.seq && agent.last_heartbeat !== undefined) {
          return { unit: undefined, result: { runner, isNews: false } };
        }
        const isNews = changesDecision(agent, report);
        const writes = [agentWrite(deps, agent, report), metricWrite(runnerId, report, deps.clock.now())];
        if (isNews) writes.push(...dirtyWrites(runner.egg_name, { trace: runnerId }, deps));
        return { unit: writes, result: { runner, isNews } };
      },
    },
  );
  if (known.isNews) deps.queue.wake();
  await keepBuffered(deps, request, options);
  return answer(deps, { runner: known.runner, report }, options);
}

async function authenticate(
  deps: EngineDeps,
  request: { readonly runnerId: string; readonly token: Secret },
  options: CallOptions,
): Promise<{ runner: RunnerRow; agent: RunnerAgentRow }> {
  const key = { partition: request.runnerId };
  const runner = await getRow(deps.store, { ...typed.runners, key }, options);
  const agent = await getRow(deps.store, { ...typed.runnerAgents, key }, options);
  if (runner === undefined || agent === undefined) throw agentErrors.unknown({});
  const presented = sha256Hex(request.token.reveal());
  const isKnown = presented === agent.agent_token_sha256 || presented === agent.prev_agent_token_sha256;
  if (!isKnown) throw agentErrors.unauthorized({});
  if (runner.state === 'terminated') throw agentErrors.terminated({});
  return { runner, agent };
}

/** Does it matter to a decision (first report, other state, other jobs, an error), or is it only a sign of life? */
function changesDecision(agent: RunnerAgentRow, report: AgentReport): boolean {
  return (
    agent.last_heartbeat === undefined ||
    agent.reported_state !== report.state ||
    idsOf(agent.current_jobs.map(({ job_id }) => job_id)) !== idsOf(report.jobs.map(({ jobId }) => jobId)) ||
    agent.jobs_done !== report.jobCount ||
    agent.failure_count !== report.failureCount
  );
}

function idsOf(jobs: readonly number[]): string {
  return jobs.toSorted((a, b) => a - b).join(' ');
}

function agentWrite(deps: EngineDeps, agent: RunnerAgentRow, report: AgentReport): Write {
  const now = deps.clock.now();
  // A job may have come and gone between two reports.
  const hasWorked = report.jobCount !== agent.jobs_done;
  const idleSince = hasWorked ? now : (agent.idle_since ?? now);
  return {
    kind: 'update',
    key: { table: 'runner_agents', partition: agent.runner_id },
    set: {
      seq: report.seq,
      reported_state: report.state,
      last_heartbeat: now,
      current_jobs: report.jobs.map((job) => ({
        server: job.server,
        project_id: job.projectId,
        job_id: job.jobId,
        since: job.since,
      })),
      jobs_done: report.jobCount,
      failure_count: report.failureCount,
      idle_since: report.jobs.length === 0 ? idleSince : undefined,
      error: report.error ? { code: report.error.code, detail: report.error.detail } : undefined,
    },
    when: { kind: 'version', version: agent.version },
  };
}

async function answer(
  deps: EngineDeps,
  at: { runner: RunnerRow; report: AgentReport },
  options: CallOptions,
): Promise<HeartbeatAnswer> {
  const { runner, report } = at;
  // It failed while it was made, and its agent came up all the same: it is removed once it has no job.
  const isEnding = runner.state === 'failed' || runner.state === 'terminating';
  const egg = (await readInForce(deps, runner.egg_name, options))?.egg;
  const desired = isEnding && runner.desired !== 'stop' ? 'drain' : runner.desired;
  const nextInS = deps.settings.heartbeatMs / 1000;
  const hasChanged =
    egg !== undefined && egg.config_hash !== report.configHash && egg.machine_hash === runner.machine_hash;
  const config = hasChanged ? await newConfig(deps, egg, options) : undefined;
  if (egg === undefined || config === undefined) return { desired, configHash: report.configHash, nextInS };
  return { desired, configHash: egg.config_hash, nextInS, config };
}

/** `undefined`: it cannot be had now, and the Egg says why. What the runner shall do must reach it all the same. */
async function newConfig(
  deps: EngineDeps,
  egg: EggConfigRow,
  options: CallOptions,
): Promise<RunnerConfig | undefined> {
  try {
    return await runnerConfigOrProblem(deps, egg, options);
  } catch (error) {
    if (options.signal.aborted) throw error;
    deps.log.warn('a runner keeps its earlier configuration: the new one cannot be had', {
      egg: egg.name,
      error,
    });
    return undefined;
  }
}
