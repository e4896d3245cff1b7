import type { RunnerFacts } from './facts.ts';

/** Heartbeats that must be missed before a runner counts for nothing. */
export const missedHeartbeats = 3;
/**
 * After so long a silent agent that has no job asks for none any more (it stops by itself after 15 min; one minute
 * for clocks), so its place may be given to another.
 */
export const acceptsNoMoreAfterMs = 16 * 60_000;
/** How long a silent runner is spared. */
export const spareSilentMs = 60 * 60_000;

export function isSilent(runner: RunnerFacts, at: { now: number; heartbeatMs: number }): boolean {
  if (runner.agent === undefined) return false;
  return at.now - runner.agent.lastHeartbeat >= missedHeartbeats * at.heartbeatMs;
}

/** The cloud says there is no such machine, and no agent contradicts it. */
export function isProvablyGone(runner: RunnerFacts, silent: boolean): boolean {
  return runner.proof?.cloud === 'gone' && (silent || runner.agent === undefined);
}

/** Silent for so long that it takes no more jobs, and GitLab knows of none it still runs. */
export function takesNoMoreJobs(runner: RunnerFacts, now: number): boolean {
  return isSilentFor(runner, now, acceptsNoMoreAfterMs) && runner.proof?.gitlabIdle === true;
}

/** The three proofs for the end of a silent runner; an API that did not answer proves nothing. */
export function isProvablyIdle(runner: RunnerFacts, now: number): boolean {
  const cloud = runner.proof?.cloud ?? 'unknown';
  return isSilentFor(runner, now, spareSilentMs) && runner.proof?.gitlabIdle === true && cloud !== 'unknown';
}

function isSilentFor(runner: RunnerFacts, now: number, forMs: number): boolean {
  return runner.agent !== undefined && now - runner.agent.lastHeartbeat >= forMs;
}
