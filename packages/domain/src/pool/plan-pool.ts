import { type Planning, startPlanning } from './draft.ts';
import { closeRequested, drain, moveBetweenTiers } from './drain.ts';
import type { PoolFacts, PoolPlan } from './facts.ts';
import { grow } from './grow.ts';
import { lookAgainAt } from './look-again.ts';
import { observe, writeOffSilent } from './observe.ts';
import { removeEnded } from './remove.ts';
import { dropUnneeded, serveWaiting } from './serve.ts';
import { freeSlots, isStarting, mostMachines } from './supply.ts';

/**
 * Decides what one Egg's pool does next, from nothing but these facts: the same facts always give the same plan,
 * and a plan that was carried out leaves nothing to do until something happens or `lookAgainAt` comes.
 * Moves are in the order in which they must be made; each is allowed by the state table.
 */
export function planPool(facts: PoolFacts): PoolPlan {
  const planning = startPlanning(facts);
  observe(planning);
  if (facts.frozen || facts.isRefused) closeRequested(planning);
  if (!facts.frozen) {
    writeOffSilent(planning);
    drain(planning);
  }
  removeEnded(planning);
  moveBetweenTiers(planning);
  const service = serveWaiting(planning);
  if (!facts.frozen) dropUnneeded(planning, service);
  const capacity = countCapacity(planning);
  const notWarm = grow(planning, service);

  const blocked = [...service.causes].map(([jobKey, cause]) => ({ jobKey, cause }));
  const again = lookAgainAt(
    planning,
    blocked.some(({ cause }) => cause === 'egg_full'),
  );
  const isHeld = notWarm === 'limits' || blocked.some(({ cause }) => cause === 'limits');
  return {
    moves: planning.moves,
    capacity,
    blocked,
    ...(isHeld ? { isHeldByLimits: true } : {}),
    ...(again === undefined ? {} : { lookAgainAt: again }),
  };
}

function countCapacity(planning: Planning): PoolPlan['capacity'] {
  const { facts, drafts } = planning;
  let now = 0;
  let starting = 0;
  for (const draft of drafts) {
    const slots = freeSlots(draft, facts);
    if (isStarting(draft)) starting += slots;
    else now += slots;
  }
  const max = Math.min(facts.concurrent, mostMachines(planning) * facts.jobsPerRunner);
  return { now, starting, max };
}
