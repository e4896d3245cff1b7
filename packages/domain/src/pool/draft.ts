import type { RunnerState } from '../states.ts';
import type { Desired, PoolFacts, PoolMove, RunnerFacts } from './facts.ts';

/** One runner while a plan is made: its facts, and what the moves so far make of it. */
export interface Draft {
  readonly facts: RunnerFacts;
  state: RunnerState;
  pool: 'apex' | 'nadir';
  desired: Desired;
  isSilent: boolean;
}

/** A plan in the making. Each step of `planPool` reads and extends it. */
export interface Planning {
  readonly facts: PoolFacts;
  readonly drafts: readonly Draft[];
  readonly moves: PoolMove[];
}

/** Why a move is made: a sentence for people, a stable word for audit and metrics. */
export interface Reason {
  readonly why: string;
  readonly rule: string;
}

export function startPlanning(facts: PoolFacts): Planning {
  const drafts = facts.runners.map((runner) => ({
    facts: runner,
    state: runner.state,
    pool: runner.pool,
    desired: runner.desired,
    isSilent: false,
  }));
  return { facts, drafts, moves: [] };
}

export function moveTo(planning: Planning, draft: Draft, step: Reason & { to: RunnerState }): void {
  draft.state = step.to;
  planning.moves.push({
    kind: 'move',
    runnerId: draft.facts.id,
    to: step.to,
    why: step.why,
    rule: step.rule,
  });
}

/** Sets what the agent is told; nothing when it is told so already, or to stop: an operator's word stays. */
export function wish(planning: Planning, draft: Draft, step: Reason & { desired: Desired }): void {
  if (draft.desired === step.desired || draft.desired === 'stop') return;
  draft.desired = step.desired;
  planning.moves.push({
    kind: 'desire',
    runnerId: draft.facts.id,
    desired: step.desired,
    why: step.why,
    rule: step.rule,
  });
}

export function putInTier(planning: Planning, draft: Draft, step: Reason & { pool: 'apex' | 'nadir' }): void {
  draft.pool = step.pool;
  planning.moves.push({
    kind: 'tier',
    runnerId: draft.facts.id,
    pool: step.pool,
    why: step.why,
    rule: step.rule,
  });
  wish(planning, draft, { desired: step.pool === 'apex' ? 'run' : 'park', why: step.why, rule: step.rule });
}

const drainable: readonly RunnerState[] = ['booting', 'idle', 'active'];

/**
 * Begins the end of a runner, as gently as its state allows: one that was never in an apply is closed, a living
 * one is told to drain and finishes its jobs. One in an apply is left alone until the apply has ended.
 */
export function sendAway(planning: Planning, draft: Draft, reason: Reason): boolean {
  if (draft.state === 'requested' && !draft.facts.made) {
    moveTo(planning, draft, { to: 'terminated', ...reason });
    return true;
  }
  if (!drainable.includes(draft.state)) return false;
  moveTo(planning, draft, { to: 'draining', ...reason });
  wish(planning, draft, { desired: 'drain', ...reason });
  return true;
}
