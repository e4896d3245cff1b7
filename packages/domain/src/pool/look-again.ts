import { bootMs, deadlineOf, runnerStates } from '../states.ts';
import type { Draft, Planning } from './draft.ts';
import { turnHeartbeats, turnMs } from './grow.ts';
import { acceptsNoMoreAfterMs, missedHeartbeats, spareSilentMs } from './silence.ts';

/** How often GitLab and the cloud are asked about a runner that is silent for long. */
const askAgainMs = 5 * 60_000;
/** How often the cloud is asked about one that has just fallen silent: its machine may go any moment. */
const askSoonMs = 60_000;

/** When a plan may come out differently although nothing happened: the next of all deadlines. */
export function lookAgainAt(planning: Planning, isBlocked: boolean): number | undefined {
  const { facts, drafts } = planning;
  const times = drafts.flatMap((draft) => timesOf(draft, planning));
  if (facts.backoffUntil !== undefined) times.push(facts.backoffUntil);
  if (isBlocked) {
    for (const job of facts.waiting) times.push(job.queuedAt + turnMs);
    for (const { facts: runner } of drafts) {
      times.push((runner.agent?.idleSince ?? runner.stateSince) + turnHeartbeats * facts.heartbeatMs);
    }
  }
  return times.filter((time) => time > facts.now).toSorted((a, b) => a - b)[0];
}

function timesOf({ facts: runner, state }: Draft, { facts }: Planning): number[] {
  if (state === 'terminated' || state === 'terminating') return [];
  const times: number[] = [];
  const since = state === runner.state ? runner.stateSince : facts.now;
  const deadlineAt = deadlineOf(runnerStates, state, since);
  if (deadlineAt !== undefined) times.push(deadlineAt);
  if (state === runner.state && runner.deadlineAt !== undefined) times.push(runner.deadlineAt);
  if (runner.agent !== undefined) {
    const { lastHeartbeat } = runner.agent;
    times.push(
      lastHeartbeat + missedHeartbeats * facts.heartbeatMs,
      lastHeartbeat + acceptsNoMoreAfterMs,
      lastHeartbeat + spareSilentMs,
    );
    // Its proofs may have been out of reach, or may come only later: nobody else would ask again.
    const silentMs = facts.now - lastHeartbeat;
    if (silentMs >= acceptsNoMoreAfterMs) times.push(facts.now + askAgainMs);
    else if (silentMs >= missedHeartbeats * facts.heartbeatMs) times.push(facts.now + askSoonMs);
  } else if (state === 'draining') {
    times.push(since + bootMs);
  }
  return times;
}
