import { launchKey, type RegistrationId } from '../names.ts';
import { type Draft, type Planning, putInTier, type Reason, sendAway } from './draft.ts';
import type { WaitCause, WaitingJob } from './facts.ts';
import { add, countAt, type Service, take } from './serve.ts';
import {
  countMachines,
  freeSlots,
  isBeingMade,
  isInNadir,
  isParked,
  isServing,
  mayRunJobs,
  mostMachines,
} from './supply.ts';

/** An idle runner of another registration is left this many heartbeats before its place is given away. */
export const turnHeartbeats = 2;
/** A job waiting so long with no runner of its registration may claim the place of a busy one, after its job. */
export const turnMs = 2 * 60_000;

/** What launches have used up so far while a plan is made. */
interface Growth {
  readonly usedKeys: Set<string>;
  /** Slots made by this plan that no job has yet. */
  readonly fresh: Map<RegistrationId, number>;
  machines: number;
  beingMade: number;
  launched: number;
  inNadir: number;
}

/**
 * Makes room and runners for what waits, oldest job first; then the warm runners; then the parked ones. Answers what kept
 * it from those that are to be warm or parked.
 */
export function grow(planning: Planning, service: Service): WaitCause | undefined {
  const growth = startGrowth(planning);
  const blocked: WaitingJob[] = [];
  for (const job of service.unserved) {
    const cause = serveByGrowth(planning, growth, job);
    service.causes.set(job.key, cause);
    if (cause === 'egg_full') blocked.push(job);
  }
  makeRoom(planning, service, blocked);
  return keepWarm(planning, growth);
}

function startGrowth(planning: Planning): Growth {
  const { drafts } = planning;
  return {
    usedKeys: new Set(drafts.flatMap(({ facts }) => facts.launchKey ?? [])),
    fresh: new Map(),
    machines: countMachines(planning),
    beingMade: drafts.filter(isBeingMade).length,
    launched: 0,
    inNadir: drafts.filter(isInNadir).length,
  };
}

function serveByGrowth(planning: Planning, growth: Growth, job: WaitingJob): WaitCause {
  if (take(growth.fresh, job.registrationId)) return 'starting_runner';
  const reason = { why: `CI job ${job.key} waits for a runner`, rule: 'waiting_job' };
  const hasGrown = promote(planning, growth, { registrationId: job.registrationId, ...reason });
  if (!hasGrown) {
    const cause = whyNoLaunch(planning, growth);
    if (cause !== undefined) return cause;
    launch(planning, growth, {
      registrationId: job.registrationId,
      pool: 'apex',
      need: job.key,
      slot: job.attempts ?? 0,
      ...reason,
    });
  }
  add(growth.fresh, job.registrationId, slotsOfNew(planning) - 1);
  return 'starting_runner';
}

function slotsOfNew({ facts }: Planning): number {
  return Math.min(facts.jobsPerRunner, facts.maxJobs ?? facts.jobsPerRunner);
}

function whyNoLaunch({ facts, ...planning }: Planning, growth: Growth): WaitCause | undefined {
  if (facts.isLeaving) return 'no_matching_egg';
  if (facts.frozen || facts.isRefused) return 'frozen';
  if (facts.backoffUntil !== undefined && facts.backoffUntil > facts.now) return 'backoff';
  if (growth.machines >= mostMachines({ facts, ...planning })) return 'egg_full';
  if (growth.beingMade >= (facts.maxStarting ?? Number.POSITIVE_INFINITY)) return 'deployment_failed';
  if (growth.launched >= (facts.mayLaunch ?? Number.POSITIVE_INFINITY)) return 'limits';
  return undefined;
}

/** Wakes a parked runner of the registration (of any, if none is given); outdated ones are left to be replaced. */
function promote(
  planning: Planning,
  growth: Growth,
  need: Reason & { registrationId?: RegistrationId },
): boolean {
  const { facts, drafts } = planning;
  if (facts.isLeaving || growth.machines >= mostMachines(planning)) return false;
  const parked = drafts.find(
    (draft) =>
      isParked(draft) &&
      draft.facts.machineHash === facts.machineHash &&
      (need.registrationId ?? draft.facts.registrationId) === draft.facts.registrationId,
  );
  if (parked === undefined) return false;
  putInTier(planning, parked, { pool: 'apex', why: need.why, rule: need.rule });
  growth.machines++;
  growth.inNadir--;
  return true;
}

function launch(
  planning: Planning,
  growth: Growth,
  order: Reason & { registrationId: RegistrationId; pool: 'apex' | 'nadir'; need: string; slot: number },
): void {
  let { slot } = order;
  while (growth.usedKeys.has(launchKey(planning.facts.egg, order.need, slot))) slot++;
  const key = launchKey(planning.facts.egg, order.need, slot);
  growth.usedKeys.add(key);
  growth.beingMade++;
  growth.launched++;
  if (order.pool === 'apex') growth.machines++;
  else growth.inNadir++;
  planning.moves.push({
    kind: 'launch',
    registrationId: order.registrationId,
    launchKey: key,
    pool: order.pool,
    why: order.why,
    rule: order.rule,
  });
}

/** `min_count` of both tiers, as far as the max allows. */
function keepWarm(planning: Planning, growth: Growth): WaitCause | undefined {
  const { facts, drafts } = planning;
  const { apex, nadir } = facts.limits;
  const slot = facts.warmAttempts ?? 0;
  const registrationId = facts.firstRegistration;
  const launched = planning.moves.filter((move) => move.kind === 'launch').length;
  let serving = drafts.filter(isServing).length + launched;
  for (; serving < apex.min; serving++) {
    const reason = { why: `fewer than ${apex.min} runners serve (apex min_count)`, rule: 'apex_min_count' };
    if (promote(planning, growth, reason)) continue;
    const cause = whyNoLaunch(planning, growth);
    if (registrationId === undefined || cause !== undefined) return cause;
    launch(planning, growth, { registrationId, pool: 'apex', need: 'min', slot, ...reason });
  }
  while (growth.inNadir < Math.min(nadir.min, nadir.max)) {
    const cause = whyNotPark(planning, growth);
    if (registrationId === undefined || cause !== undefined) return cause;
    const why = `fewer than ${nadir.min} runners are parked (nadir min_count)`;
    launch(planning, growth, {
      registrationId,
      pool: 'nadir',
      need: 'min',
      slot,
      why,
      rule: 'nadir_min_count',
    });
  }
  return undefined;
}

/** Parked runners run no jobs, so a full Egg may still have them. */
function whyNotPark(planning: Planning, growth: Growth): WaitCause | undefined {
  const cause = whyNoLaunch(planning, { ...growth, machines: 0 });
  return cause === 'egg_full' ? undefined : cause;
}

/** Full, but of runners of other registrations: those that nothing needs give their place away, in turn. */
function makeRoom(planning: Planning, service: Service, blocked: readonly WaitingJob[]): void {
  const { facts, drafts } = planning;
  const isLeavingSoon = (draft: Draft) => draft.state === 'draining' && mayRunJobs(draft, facts.now);
  let coming = drafts.filter(isLeavingSoon).length;
  for (const job of machinesNeeded(planning, blocked)) {
    if (coming > 0) {
      coming--;
      continue;
    }
    const draft = whoGivesWay(planning, service, job);
    if (draft === undefined) continue;
    add(service.spareUp, draft.facts.registrationId, -freeSlots(draft, facts));
    const why = `CI job ${job.key} waits and needs a runner of another registration`;
    sendAway(planning, draft, { why, rule: 'gives_way' });
  }
}

/** One job of each further machine that the blocked jobs would fill. */
function machinesNeeded(planning: Planning, blocked: readonly WaitingJob[]): WaitingJob[] {
  const seen = new Map<RegistrationId, number>();
  return blocked.filter(({ registrationId }) => {
    const before = seen.get(registrationId) ?? 0;
    seen.set(registrationId, before + 1);
    return before % slotsOfNew(planning) === 0;
  });
}

function whoGivesWay(planning: Planning, service: Service, job: WaitingJob): Draft | undefined {
  const { facts, drafts } = planning;
  const others = drafts.filter(
    (draft) => isServing(draft) && draft.facts.registrationId !== job.registrationId,
  );
  const idle = others
    .filter((draft) => draft.state === 'idle' && isSpare(planning, draft, service))
    .toSorted((a, b) => idleSince(a) - idleSince(b))[0];
  if (idle !== undefined) return idle;
  const isServed = drafts.some(
    (draft) => isServing(draft) && draft.facts.registrationId === job.registrationId,
  );
  if (isServed || facts.now - job.queuedAt < turnMs) return undefined;
  return others
    .filter(({ state }) => state === 'idle' || state === 'active')
    .toSorted((a, b) => a.facts.stateSince - b.facts.stateSince)[0];
}

/** Idle for its turn, and no waiting job of its own registration needs it. */
function isSpare({ facts }: Planning, draft: Draft, service: Service): boolean {
  const slots = freeSlots(draft, facts);
  if (countAt(service.spareUp, draft.facts.registrationId) < slots) return false;
  return facts.now - idleSince(draft) >= turnHeartbeats * facts.heartbeatMs;
}

function idleSince(draft: Draft): number {
  return draft.facts.agent?.idleSince ?? draft.facts.stateSince;
}
