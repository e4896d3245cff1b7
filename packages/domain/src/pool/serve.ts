import type { RegistrationId } from '../names.ts';
import { type Draft, type Planning, sendAway } from './draft.ts';
import type { WaitCause, WaitingJob } from './facts.ts';
import { freeSlots, isServing, isStarting } from './supply.ts';

/** Which waiting jobs the runners that exist will take, and what they leave unused. */
export interface Service {
  readonly causes: Map<string, WaitCause>;
  readonly unserved: WaitingJob[];
  /** Slots per registration that no waiting job needs: of runners that are up, and of those on their way. */
  readonly spareUp: Map<RegistrationId, number>;
  readonly spareStarting: Map<RegistrationId, number>;
}

/** Gives free slots to waiting jobs, oldest job first, within each registration: up runners, then starting ones. */
export function serveWaiting(planning: Planning): Service {
  const { facts, drafts } = planning;
  const spareUp = new Map<RegistrationId, number>();
  const spareStarting = new Map<RegistrationId, number>();
  for (const draft of drafts) {
    const spare = isStarting(draft) ? spareStarting : spareUp;
    add(spare, draft.facts.registrationId, freeSlots(draft, facts));
  }
  const causes = new Map<string, WaitCause>();
  const unserved: WaitingJob[] = [];
  for (const job of facts.waiting.toSorted(byAge)) {
    if (take(spareUp, job.registrationId)) causes.set(job.key, 'runner_idle_not_taken');
    else if (take(spareStarting, job.registrationId)) causes.set(job.key, 'starting_runner');
    else unserved.push(job);
  }
  return { causes, unserved, spareUp, spareStarting };
}

function byAge(a: WaitingJob, b: WaitingJob): number {
  return a.queuedAt - b.queuedAt || (a.key < b.key ? -1 : 1);
}

export function countAt(slots: ReadonlyMap<RegistrationId, number>, at: RegistrationId): number {
  return slots.get(at) ?? 0;
}

export function add(slots: Map<RegistrationId, number>, at: RegistrationId, count: number): void {
  slots.set(at, countAt(slots, at) + count);
}

export function take(slots: Map<RegistrationId, number>, at: RegistrationId): boolean {
  const left = countAt(slots, at);
  if (left <= 0) return false;
  slots.set(at, left - 1);
  return true;
}

/** Closes requests that no job needs any more (cancelled, or taken by another runner), beyond the warm ones. */
export function dropUnneeded(planning: Planning, service: Service): void {
  const { facts, drafts } = planning;
  let serving = drafts.filter(isServing).length;
  for (const draft of drafts.toReversed()) {
    if (serving <= facts.limits.apex.min || !isUnneeded(planning, draft, service)) continue;
    sendAway(planning, draft, { why: 'no waiting job needs it any more', rule: 'no_demand' });
    add(service.spareStarting, draft.facts.registrationId, -facts.jobsPerRunner);
    serving--;
  }
}

function isUnneeded({ facts }: Planning, draft: Draft, service: Service): boolean {
  if (draft.state !== 'requested' || draft.pool !== 'apex') return false;
  if (draft.facts.made || draft.facts.isByHand === true) return false;
  const slots = freeSlots(draft, facts);
  return slots > 0 && countAt(service.spareStarting, draft.facts.registrationId) >= slots;
}
