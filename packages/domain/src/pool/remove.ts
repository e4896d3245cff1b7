import { bootMs } from '../states.ts';
import { type Draft, moveTo, type Planning, type Reason } from './draft.ts';
import { isProvablyIdle } from './silence.ts';

/** Last step of a runner's end: only what runs nothing, or was never made, goes. Held while frozen. */
export function removeEnded(planning: Planning): void {
  if (planning.facts.frozen) return;
  for (const draft of planning.drafts) {
    if (draft.state === 'failed') {
      removeFailed(planning, draft);
    } else if (draft.state === 'draining') {
      const reason = whyDone(planning, draft);
      if (reason !== undefined) moveTo(planning, draft, { to: 'terminating', ...reason });
    }
  }
}

function removeFailed(planning: Planning, draft: Draft): void {
  const { made } = draft.facts;
  moveTo(planning, draft, {
    to: made ? 'terminating' : 'terminated',
    why: made ? 'it failed and its machine may still exist' : 'it failed before a machine was made',
    rule: 'failed',
  });
}

/** The dialogue: the agent says it is done, or proofs stand in for a silent one. */
function whyDone(planning: Planning, draft: Draft): Reason | undefined {
  const { facts } = draft;
  const { now } = planning.facts;
  if (facts.agent === undefined) {
    const isDead = now >= facts.stateSince + bootMs && facts.proof?.gitlabIdle !== false;
    return isDead
      ? { why: 'its agent was never heard and can no longer log in', rule: 'never_heard' }
      : undefined;
  }
  const { state, runningJobs } = facts.agent;
  const hasEnded = state === 'drained' || state === 'finished' || state === 'stopping';
  if (hasEnded && runningJobs === 0) return { why: `its agent says ${state}`, rule: `agent_${state}` };
  if (isProvablyIdle(facts, now)) {
    return {
      why: 'silent for an hour; GitLab knows of no job it runs and the cloud answered for its machine',
      rule: 'silent_proved',
    };
  }
  return undefined;
}
