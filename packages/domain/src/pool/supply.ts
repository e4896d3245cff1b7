import { machinesAtMost } from '../egg.ts';
import type { RunnerState } from '../states.ts';
import type { Draft, Planning } from './draft.ts';
import { takesNoMoreJobs } from './silence.ts';

const onTheWay: readonly RunnerState[] = ['requested', 'provisioning', 'booting'];
const up: readonly RunnerState[] = ['idle', 'active'];

/** Machines that may run jobs at once: the apex' max, and never more than the Egg's jobs need. */
export function mostMachines({ facts }: Planning): number {
  return Math.min(facts.limits.apex.max, machinesAtMost(facts));
}

/** Does it run a job, or could it take one before it hears that it should not? These count against the max. */
export function mayRunJobs(draft: Draft, now: number): boolean {
  const { agent } = draft.facts;
  if (draft.state === 'draining') {
    if (takesNoMoreJobs(draft.facts, now)) return false;
    if (agent === undefined) return draft.pool === 'apex';
    return agent.runningJobs > 0 || asksForJobs(draft);
  }
  if (!onTheWay.includes(draft.state) && !up.includes(draft.state)) return false;
  return draft.pool === 'apex' || asksForJobs(draft) || (agent?.runningJobs ?? 0) > 0;
}

/** Its agent has not (yet) stopped asking GitLab for jobs, or may have begun to since its last word. */
function asksForJobs({ facts: { agent }, pool }: Draft): boolean {
  if (agent?.state === 'booting' || agent?.state === 'parked') return pool === 'apex';
  return agent?.state === 'idle' || agent?.state === 'active';
}

/** Machines that count against the max right now. */
export function countMachines(planning: Planning): number {
  return planning.drafts.filter((draft) => mayRunJobs(draft, planning.facts.now)).length;
}

/** Is it one of the runners that take, or soon take, this Egg's jobs? */
export function isServing(draft: Draft): boolean {
  const isAlive = onTheWay.includes(draft.state) || up.includes(draft.state);
  return isAlive && draft.pool === 'apex' && draft.desired === 'run' && !draft.isSilent;
}

/** On its way to its first job: requested … booting, or promoted and not yet asking. */
export function isStarting(draft: Draft): boolean {
  const said = draft.facts.agent?.state;
  const isUp = up.includes(draft.state) && (said === 'idle' || said === 'active');
  return isServing(draft) && !isUp;
}

/** Requested … booting, whatever its tier: what a trial launch is counted by. */
export function isBeingMade(draft: Draft): boolean {
  return onTheWay.includes(draft.state);
}

/** Jobs it can take beside those it runs. */
export function freeSlots(draft: Draft, facts: { jobsPerRunner: number; maxJobs?: number }): number {
  const { agent } = draft.facts;
  if (!isServing(draft) || agent?.isFull === true) return 0;
  const running = agent?.runningJobs ?? 0;
  const left = (facts.maxJobs ?? Number.POSITIVE_INFINITY) - (agent?.jobsDone ?? 0) - running;
  return Math.max(0, Math.min(facts.jobsPerRunner - running, left));
}

/** Parked: reports, takes no jobs, and can be told to at once. */
export function isParked(draft: Draft): boolean {
  return (
    draft.state === 'idle' &&
    draft.pool === 'nadir' &&
    draft.desired === 'park' &&
    !draft.isSilent &&
    draft.facts.agent?.state === 'parked'
  );
}

/** Stands (or soon stands) in the nadir tier and counts against its max. */
export function isInNadir(draft: Draft): boolean {
  return draft.pool === 'nadir' && (onTheWay.includes(draft.state) || up.includes(draft.state));
}
