import type { AgentState } from '@polar-gosling/domain';
import type { AgentLimits, AgentModel } from './agent-model.ts';

/** What the agent wants of `gitlab-runner`, and of itself once that has ended. */
export interface Aim {
  /** `serve`: take jobs. `finish`: take no more, let the running ones end. `abort`: end them. */
  readonly child: 'serve' | 'finish' | 'abort';
  readonly next: 'stay' | 'exit';
  readonly why: string;
  /** What is reported once no child is left. */
  readonly endState: AgentState;
}

/** Reads the aim off the facts; the first reason that holds wins. Nothing running is ended by doubt. */
export function aimOf(model: AgentModel, now: number, limits: AgentLimits): Aim {
  return abortAim(model, now, limits) ?? leaveAim(model, now, limits) ?? restAim(model, now, limits) ?? serve;
}

const serve: Aim = { child: 'serve', next: 'stay', why: 'jobs are wanted', endState: 'booting' };

/** Reasons to end running jobs: an order, a second signal, a deadline that passed. */
function abortAim(model: AgentModel, now: number, limits: AgentLimits): Aim | undefined {
  const abort = (why: string): Aim => ({ child: 'abort', next: 'exit', why, endState: 'stopping' });
  if (model.desired === 'stop') return abort('the back end said stop');
  if (model.isTerminated) return abort('the back end counts this runner as removed');
  if (model.signals > 1) return abort('a second signal came');
  if (model.signals > 0 && now - model.signalledAt >= limits.drainMs) {
    return abort('jobs did not end within the drain time');
  }
  const isSilent = now - model.heardAt >= limits.silentAcceptMs;
  if (isSilent && now >= limits.lifeEndsAt)
    return abort('the maximum life is over and the back end is silent');
  return undefined;
}

/** Reasons to end after the running jobs. */
function leaveAim(model: AgentModel, now: number, limits: AgentLimits): Aim | undefined {
  const leave = (why: string): Aim => ({ child: 'finish', next: 'exit', why, endState: 'drained' });
  if (model.signals > 0) return leave('a signal asked to end');
  if (model.hasFailed) return leave('the agent itself failed');
  if (model.isDisowned) return leave('the back end knows this runner no more');
  if (now - model.heardAt >= limits.idlePoweroffMs) return leave('the back end was silent for too long');
  return undefined;
}

/** Reasons to take no jobs and stay, so that the back end can see it. */
function restAim(model: AgentModel, now: number, limits: AgentLimits): Aim | undefined {
  const rest = (why: string, endState: AgentState): Aim => ({ child: 'finish', next: 'stay', why, endState });
  if (limits.maxJobs !== undefined && model.jobsStarted >= limits.maxJobs) {
    return rest('it has had all the jobs it may have', 'finished');
  }
  if (model.desired === 'drain') return rest('the back end said drain', 'drained');
  if (now >= limits.lifeEndsAt) return rest('the maximum life is over', 'drained');
  if (now - model.heardAt >= limits.silentAcceptMs) return rest('the back end is silent', 'parked');
  const isQuitting = model.child.kind === 'down' || model.child.told !== 'nothing';
  if (model.desired === 'park' && (model.jobs === 0 || isQuitting)) {
    return rest('the back end said park', 'parked');
  }
  return undefined;
}

/** What the agent says of itself. */
export function reportedState(model: AgentModel, aim: Aim): AgentState {
  const { child } = model;
  if (aim.child === 'abort') return 'stopping';
  if (child.kind === 'down') return aim.child === 'serve' ? 'booting' : aim.endState;
  const isDraining = aim.child === 'finish' && aim.endState !== 'parked';
  if (isDraining) return 'draining';
  if (model.jobs > 0) return 'active';
  return child.isReady ? 'idle' : 'booting';
}
