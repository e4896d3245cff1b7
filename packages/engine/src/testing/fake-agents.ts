import { isCoded, Secret } from '@polar-gosling/kernel';
import type { AgentCalls, AgentReport, BootstrapAnswer } from '../api/agents.ts';
import type { ModelMachine } from './fake-tofu.ts';
import { type GitlabModel, type ModelJob, setStatus, takeJob } from './gitlab-model.ts';

type Desired = 'run' | 'park' | 'drain' | 'stop';

export interface FakeAgent {
  readonly machine: ModelMachine;
  answer?: BootstrapAnswer;
  desired: Desired;
  seq: number;
  nextReportAt: number;
  heardAt: number;
  jobs: ModelJob[];
  jobsDone: number;
  /** Reports nothing until then; works on. */
  silentUntil: number;
  /** Never calls again. */
  isDead: boolean;
}

export interface FakeAgents {
  readonly all: Map<string, FakeAgent>;
  /** Every agent does what it does by now: boots, takes jobs, ends them, reports. */
  step(): Promise<void>;
  /** Its machine stands, the agent is gone, and so are its jobs. */
  kill(runnerId: string): void;
  /** Decides at the first sight of a machine whether its agent ever comes up. */
  comesUp: () => boolean;
  jobResult: () => 'success' | 'failed';
}

export interface FakeAgentsDeps {
  readonly calls: () => AgentCalls;
  readonly model: GitlabModel;
  /** What there is now, by runner id. */
  readonly machines: () => ReadonlyMap<string, ModelMachine>;
  readonly clock: { now(): number };
  readonly bootMs: number;
}

const silentAcceptMs = 15 * 60_000;
const never = new AbortController().signal;

/** The agents of all machines there are, with GitLab's runner in them. */
export function createFakeAgents(deps: FakeAgentsDeps): FakeAgents {
  const all = new Map<string, FakeAgent>();
  const agents: FakeAgents = {
    all,
    comesUp: () => true,
    jobResult: () => 'success',
    async step() {
      const machines = deps.machines();
      for (const machine of machines.values()) {
        if (!all.has(machine.runnerId)) all.set(machine.runnerId, newAgent(deps, machine, agents.comesUp()));
      }
      for (const agent of all.values()) {
        if (machines.has(agent.machine.runnerId)) await stepOne(deps, agent, agents.jobResult);
        else endMachine(deps, agent);
      }
    },
    kill(runnerId) {
      const agent = all.get(runnerId);
      if (agent) endMachine(deps, agent);
    },
  };
  return agents;
}

function newAgent({ clock, bootMs }: FakeAgentsDeps, machine: ModelMachine, comesUp: boolean): FakeAgent {
  return {
    machine,
    desired: machine.entry.runner_id === '' ? 'park' : 'run',
    seq: 0,
    nextReportAt: clock.now() + bootMs,
    heardAt: clock.now(),
    jobs: [],
    jobsDone: 0,
    silentUntil: 0,
    isDead: !comesUp,
  };
}

function endMachine({ model }: FakeAgentsDeps, agent: FakeAgent): void {
  agent.isDead = true;
  for (const job of agent.jobs.splice(0)) setStatus(model, job, 'failed');
  const manager = agent.answer && model.managers.get(agent.answer.gitlab.systemId);
  if (manager) manager.busy = false;
}

async function stepOne(deps: FakeAgentsDeps, agent: FakeAgent, jobResult: () => string): Promise<void> {
  const now = deps.clock.now();
  if (agent.isDead) return;
  finishJobs(deps, agent, jobResult);
  if (agent.answer === undefined && now >= agent.nextReportAt) await boot(deps, agent);
  takeJobs(deps, agent);
  if (agent.answer !== undefined && now >= agent.nextReportAt && now >= agent.silentUntil) {
    await report(deps, agent);
  }
}

function finishJobs({ clock, model }: FakeAgentsDeps, agent: FakeAgent, jobResult: () => string): void {
  const isOver = (job: ModelJob) =>
    job.status !== 'running' || (job.startedAt ?? 0) + job.lastsMs <= clock.now();
  for (const job of agent.jobs.filter(isOver)) {
    if (job.status === 'running') setStatus(model, job, jobResult());
    agent.jobsDone++;
    agent.nextReportAt = clock.now();
  }
  agent.jobs = agent.jobs.filter((job) => !isOver(job));
}

function takeJobs({ clock, model }: FakeAgentsDeps, agent: FakeAgent): void {
  const { answer } = agent;
  const hasAsked = answer !== undefined && agent.seq > 0 && agent.desired === 'run';
  if (!hasAsked || clock.now() - agent.heardAt >= silentAcceptMs) return;
  while (agent.jobs.length < answer.config.concurrent) {
    const { token, systemId } = answer.gitlab;
    const job = takeJob(model, { token: token.reveal(), systemId });
    if (job === undefined) break;
    agent.jobs.push(job);
    agent.nextReportAt = clock.now();
  }
  const manager = model.managers.get(answer.gitlab.systemId);
  if (manager) manager.busy = agent.jobs.length > 0;
}

async function boot(deps: FakeAgentsDeps, agent: FakeAgent): Promise<void> {
  const { runner_id: runnerId, bootstrap_token: token } = agent.machine.entry;
  const request = {
    goslingVersion: '0.0.0',
    platform: 'linux',
    architecture: 'amd64',
    bootId: `boot ${runnerId}`,
  };
  await calling(deps, agent, async (calls) => {
    agent.answer = await calls.bootstrap(
      { ...request, runnerId, token: new Secret(token) },
      { signal: never },
    );
    agent.desired = agent.answer.pool === 'nadir' ? 'park' : 'run';
  });
}

async function report(deps: FakeAgentsDeps, agent: FakeAgent): Promise<void> {
  const { answer } = agent;
  if (answer === undefined) return;
  await calling(deps, agent, async (calls) => {
    agent.seq++;
    const request = { runnerId: answer.runnerId, token: answer.agentToken, report: reportOf(deps, agent) };
    const { desired, nextInS } = await calls.heartbeat(request, { signal: never });
    const isNews = desired !== agent.desired;
    agent.desired = desired;
    agent.heardAt = deps.clock.now();
    agent.nextReportAt = isNews ? deps.clock.now() : deps.clock.now() + nextInS * 1000;
    if (desired === 'stop') endJobs(deps, agent);
  });
}

/** The agent powers off when it is told that it is not wanted; anything else it tries again. */
async function calling(
  deps: FakeAgentsDeps,
  agent: FakeAgent,
  call: (calls: AgentCalls) => Promise<void>,
): Promise<void> {
  try {
    await call(deps.calls());
  } catch (error) {
    agent.nextReportAt = deps.clock.now() + 5_000;
    if (isCoded(error) && [401, 404, 410].includes(error.http)) endMachine(deps, agent);
  }
}

function endJobs({ model }: FakeAgentsDeps, agent: FakeAgent): void {
  for (const job of agent.jobs.splice(0)) setStatus(model, job, 'failed');
}

function reportOf({ clock }: FakeAgentsDeps, agent: FakeAgent): AgentReport {
  return {
    seq: agent.seq,
    sentAt: clock.now(),
    state: stateOf(agent),
    jobs: agent.jobs.map(({ id, projectId, startedAt }) => ({
      server: 'gitlab.com',
      projectId,
      jobId: id,
      since: startedAt ?? 0,
    })),
    jobCount: agent.jobsDone,
    cpuUsage: 10,
    memoryUsage: 10,
    diskUsage: 10,
    agentVersion: '19.0.0',
    goslingVersion: '0.0.0',
    configHash: agent.answer?.configHash ?? '',
    failureCount: 0,
  };
}

function stateOf(agent: FakeAgent): AgentReport['state'] {
  const isBusy = agent.jobs.length > 0;
  if (agent.desired === 'drain' || agent.desired === 'stop') return isBusy ? 'draining' : 'drained';
  if (isBusy) return 'active';
  return agent.desired === 'park' ? 'parked' : 'idle';
}
