import type { BootstrapAnswer } from '@polar-gosling/api-contract';
import type { AgentState } from '@polar-gosling/domain';
import type { Clock } from '@polar-gosling/kernel';
import { aimOf, reportedState } from './agent-aim.ts';
import {
  type AgentAction,
  type AgentEvent,
  type AgentLimits,
  type AgentModel,
  newAgent,
} from './agent-model.ts';
import { shutdownTimeoutS } from './child-runner.ts';
import { decideAgent } from './decide-agent.ts';

/** Holds what the agent knows between events, and hands each decision to those who carry it out. */
export interface AgentMind {
  model(): AgentModel;
  /** What is reported now. */
  state(): AgentState;
  dispatch(event: AgentEvent): void;
  /** The back end changed what it allows. */
  relimit(answer: BootstrapAnswer): void;
}

export function createAgentMind(
  clock: Clock,
  answer: BootstrapAnswer,
  perform: (action: AgentAction) => void,
): AgentMind {
  let model = newAgent(clock.monotonic());
  let limits = limitsOf(clock, answer);
  return {
    model: () => model,
    state: () => reportedState(model, aimOf(model, clock.monotonic(), limits)),
    dispatch(event) {
      const decided = decideAgent(model, event, { now: clock.monotonic(), limits });
      model = decided.model;
      for (const action of decided.actions) perform(action);
    },
    relimit: (changed) => {
      limits = limitsOf(clock, changed);
    },
  };
}

function limitsOf(clock: Clock, { timeouts, config }: BootstrapAnswer): AgentLimits {
  return {
    drainMs: timeouts.drain_s * 1_000,
    idlePoweroffMs: timeouts.idle_poweroff_s * 1_000,
    silentAcceptMs: timeouts.silent_accept_s * 1_000,
    lifeEndsAt: clock.monotonic() + (Date.parse(timeouts.max_life_at) - clock.now()),
    maxJobs: config.max_jobs,
    abortMs: (shutdownTimeoutS + 5) * 1_000,
  };
}
