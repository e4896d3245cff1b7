import type { BootstrapAnswer, HeartbeatAnswer } from '@polar-gosling/api-contract';
import type { AgentDeps } from './agent-deps.ts';
import type { AgentDisk } from './agent-disk.ts';
import { type AgentMemory, writeMemory } from './agent-memory.ts';
import type { AgentMind } from './agent-mind.ts';
import { buildReport } from './build-report.ts';
import type { ChildRunner } from './child-runner.ts';
import { type Delivery, sendHeartbeat } from './heartbeat.ts';
import { createHostUsage } from './host-usage.ts';
import type { ReportBuffer } from './report-buffer.ts';

/** What the agent has noticed beside its model; told with each report. */
export interface AgentNotes {
  problem?: { readonly code: string; readonly detail: string } | undefined;
  lastJobAt?: number;
}

export interface AgentReporter {
  /** Sends one report and learns from its answer; says when the next is due, in ms. */
  report(signal: AbortSignal): Promise<number>;
}

export interface ReporterParts {
  readonly memory: AgentMemory & { answer: BootstrapAnswer };
  readonly buffer: ReportBuffer;
  readonly mind: AgentMind;
  readonly child: ChildRunner;
  readonly notes: AgentNotes;
  readonly disk: AgentDisk;
}

export function createAgentReporter(deps: AgentDeps, parts: ReporterParts): AgentReporter {
  const { memory, buffer, disk } = parts;
  const usage = createHostUsage(deps.files.directory);
  const api = deps.connect(() => memory.answer.agent_token);
  return {
    async report(signal) {
      memory.seq += 1;
      await remember(deps, parts);
      const body = buildReport({
        seq: memory.seq,
        now: deps.clock.now(),
        state: parts.mind.state(),
        model: parts.mind.model(),
        running: parts.child.running(),
        usage: await usage(),
        runnerLabel: deps.binary.label,
        configHash: memory.answer.config_hash,
        lastJobAt: parts.notes.lastJobAt,
        problem: disk.problem() ?? parts.notes.problem,
        buffered: [...buffer.all()],
      });
      const delivery = await sendHeartbeat(api, { runnerId: deps.runnerId, body }, signal);
      const kept = delivery.kind === 'unreachable' ? () => buffer.keep(body) : () => buffer.clear();
      await disk.attempt('reports that were not heard', kept);
      await learn(deps, parts, delivery);
      return intervalAfter(delivery, deps.metricsIntervalMs, memory.answer.heartbeat_s);
    },
  };
}

async function learn(deps: AgentDeps, parts: ReporterParts, delivery: Delivery): Promise<void> {
  const { log } = deps;
  switch (delivery.kind) {
    case 'refused':
      log.warn('the back end refused a report', { status: delivery.status });
      parts.mind.dispatch(delivery);
      return;
    case 'unreachable':
    case 'rejected':
      log.warn('a report did not arrive', { error: delivery.error });
      parts.mind.dispatch({ kind: 'unreachable' });
      return;
    case 'answered':
      await takeIn(deps, parts, delivery.answer);
      parts.mind.dispatch({ kind: 'answered', desired: delivery.answer.desired });
  }
}

async function takeIn(deps: AgentDeps, parts: ReporterParts, answer: HeartbeatAnswer): Promise<void> {
  const { memory } = parts;
  if (answer.agent_token !== undefined) {
    deps.masker.add(answer.agent_token);
    memory.answer.agent_token = answer.agent_token;
  }
  const { config } = answer;
  if (config !== undefined) {
    const changed = { ...memory.answer, config, config_hash: answer.config_hash };
    const write = () => parts.child.reconfigure(changed);
    // Reported as ours only once it is in force: the back end sends it again until then.
    if (await parts.disk.attempt('configuration of gitlab-runner', write)) {
      memory.answer = changed;
      deps.log.info('new configuration', { key: answer.config_hash });
      parts.mind.relimit(changed);
    }
  }
  if (answer.agent_token !== undefined || config !== undefined) await remember(deps, parts);
}

async function remember(deps: AgentDeps, { disk, memory }: ReporterParts): Promise<void> {
  await disk.attempt('memory of the agent', () => writeMemory(deps.files, memory));
}

function intervalAfter(delivery: Delivery, mostMs: number, heartbeatS: number): number {
  const wishedS = delivery.kind === 'answered' ? delivery.answer.next_in_s : heartbeatS;
  const leastMs = delivery.kind === 'unreachable' ? delivery.retryAfterMs : 0;
  return Math.max(leastMs, Math.min(mostMs, Math.max(1_000, wishedS * 1_000)));
}
