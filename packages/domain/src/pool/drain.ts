import type { RunnerState } from '../states.ts';
import { type Draft, type Planning, putInTier, type Reason, sendAway } from './draft.ts';
import { countMachines, isInNadir, isServing, mayRunJobs, mostMachines } from './supply.ts';

/** Rules of UglyFox that speak of idleness: void once the runner has had a job since, or while jobs wait. */
export const idlenessRules: readonly string[] = ['idle_timeout', 'nadir_idle_timeout'];

const alive = ['requested', 'booting', 'idle', 'active'];

/** Tells those to go that must: the Egg left, a mark says so, their jobs are done, they are outdated. */
export function drain(planning: Planning): void {
  for (const draft of planning.drafts) {
    const reason = whyLeave(planning, draft);
    if (reason !== undefined) sendAway(planning, draft, reason);
  }
  drainOutdated(planning);
  drainAboveMax(planning);
}

/** No launches: those that no apply has begun are closed, and their jobs wait for the end of the freeze or refusal. */
export function closeRequested(planning: Planning): void {
  const reason = planning.facts.frozen
    ? { why: 'the Egg was frozen before its machine was begun', rule: 'frozen' }
    : { why: 'its Egg cannot be launched here any more', rule: 'refused' };
  for (const draft of planning.drafts) {
    if (draft.state === 'requested') sendAway(planning, draft, reason);
  }
}

function whyLeave({ facts }: Planning, draft: Draft): Reason | undefined {
  if (!alive.includes(draft.state)) return undefined;
  if (facts.isLeaving) return { why: `egg ${facts.egg} was removed from the Nest`, rule: 'egg_removed' };
  const { agent, mark } = draft.facts;
  if (mark !== undefined && endsByMark(mark.action) && isMarkValid(facts.waiting.length, draft)) {
    return { why: `marked ${mark.action} by ${mark.by}: ${mark.rule}`, rule: mark.rule };
  }
  if (agent === undefined || facts.maxJobs === undefined) return undefined;
  if (agent.jobsDone + agent.runningJobs < facts.maxJobs) return undefined;
  return { why: `it has had the ${facts.maxJobs} jobs of max_jobs`, rule: 'max_jobs' };
}

function endsByMark(action: string): boolean {
  return action === 'drain' || action === 'terminate' || action === 'replace';
}

/** A mark of idleness holds only while the runner is idle, has been so since the mark, and no job waits. */
function isMarkValid(waiting: number, draft: Draft): boolean {
  const { agent, mark } = draft.facts;
  if (mark === undefined || !idlenessRules.includes(mark.rule)) return true;
  if (waiting > 0 || draft.state === 'active') return false;
  return !isMarkSpent(mark, agent?.idleSince);
}

/** A mark of idleness is spent by the next job of its runner: idle again, it needs another one. */
export function isMarkSpent(
  mark: { readonly rule: string; readonly at?: number },
  idleSince: number | undefined,
): boolean {
  return idlenessRules.includes(mark.rule) && (idleSince ?? 0) > (mark.at ?? Number.POSITIVE_INFINITY);
}

/** Replaces runners of another machine_hash, a share at a time: not yet made ones, idle ones, then busy ones. */
function drainOutdated(planning: Planning): void {
  const { facts, drafts } = planning;
  const isFailing = facts.backoffUntil !== undefined && facts.backoffUntil > facts.now;
  // While new machines fail to boot, or must not be launched, the old ones go on serving.
  if (isFailing || facts.isRefused) return;
  const outdated = drafts.filter((draft) => draft.facts.machineHash !== facts.machineHash);
  const reason = { why: 'it was made from an earlier machine configuration', rule: 'outdated' };
  for (const draft of outdated) {
    if (draft.state === 'requested') sendAway(planning, draft, reason);
  }
  const living = drafts.filter(({ state }) => state === 'idle' || state === 'active').length;
  const leaving = outdated.filter(({ state }) => state === 'draining').length;
  const atOnce = Math.max(1, Math.floor((living + leaving) * facts.replaceShare));
  const next = outdated
    .filter(({ state }) => state === 'idle' || state === 'active')
    .toSorted((a, b) => busyness(a) - busyness(b) || a.facts.createdAt - b.facts.createdAt)
    .slice(0, Math.max(0, atOnce - leaving));
  for (const draft of next) sendAway(planning, draft, reason);
}

/** Parked first, then idle, then busy. */
function busyness(draft: Draft): number {
  if (draft.state === 'active') return 2;
  return draft.pool === 'apex' ? 1 : 0;
}

/** A lowered max: those not yet made are closed, then idle ones drained, then busy ones after their jobs. */
function drainAboveMax(planning: Planning): void {
  const { facts, drafts } = planning;
  const staying = drafts.filter((draft) => draft.state !== 'draining' && mayRunJobs(draft, facts.now));
  const order: readonly RunnerState[] = ['requested', 'idle', 'active'];
  const spare = staying
    .filter(({ state, pool }) => pool === 'apex' && order.includes(state))
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const excess = Math.max(0, staying.length - mostMachines(planning));
  const why = `more runners than the ${mostMachines(planning)} that may run jobs at once`;
  for (const draft of spare.slice(0, excess)) sendAway(planning, draft, { why, rule: 'above_max' });
}

/** Marks that move a runner between the tiers. Parking waits until the runner is idle and nothing waits. */
export function moveBetweenTiers(planning: Planning): void {
  for (const draft of planning.drafts) {
    const { mark } = draft.facts;
    if (mark === undefined || draft.state !== 'idle' || draft.isSilent) continue;
    const reason = { why: `marked ${mark.action} by ${mark.by}: ${mark.rule}`, rule: mark.rule };
    if (mark.action === 'demote' && mayPark(planning, draft)) {
      putInTier(planning, draft, { pool: 'nadir', ...reason });
    } else if (mark.action === 'promote' && mayPromote(planning, draft)) {
      putInTier(planning, draft, { pool: 'apex', ...reason });
    }
  }
}

function mayPark(planning: Planning, draft: Draft): boolean {
  const { facts, drafts } = planning;
  if (draft.pool !== 'apex' || facts.waiting.length > 0) return false;
  // A promoted one that has not yet said so may be taking a job this moment.
  if (draft.facts.agent?.state !== 'idle') return false;
  if (!isMarkValid(facts.waiting.length, draft)) return false;
  const isNeededWarm = drafts.filter(isServing).length <= facts.limits.apex.min;
  return !isNeededWarm && drafts.filter(isInNadir).length < facts.limits.nadir.max;
}

function mayPromote(planning: Planning, draft: Draft): boolean {
  return draft.pool === 'nadir' && countMachines(planning) < mostMachines(planning);
}
