import type { EggName } from '../names.ts';
import type { Assignment, Candidate, EggRoom } from './facts.ts';
import { byName } from './match.ts';

/** A job leaves an Egg that cannot serve it after so long. */
export const moveOnAfterMs = 30_000;

export interface AssignFacts {
  readonly now: number;
  readonly candidates: readonly Candidate[];
  /** Of the matching Eggs; one that is absent takes nothing. Of the current one, without this job. */
  readonly rooms: readonly EggRoom[];
  readonly current?: {
    readonly egg: EggName;
    /** Since when the Egg has been full, frozen, failing or backing off for this job; absent: it is not. */
    readonly blockedSince?: number;
    /** A runner launched for it is on its way. */
    readonly isStarting: boolean;
  };
}

/**
 * Whose demand a CI job is: of the matching Eggs with room the one with the fewest extra tags, then the most idle
 * capacity, then the name. A job that matches is always demand of exactly one Egg, so that demands add up to the
 * jobs that wait: where none has room it waits in the best of them. It moves only when that helps.
 */
export function assignJob(facts: AssignFacts): Assignment {
  const choices = rankEggs(facts);
  const current = choices.find(({ room }) => room.egg === facts.current?.egg);
  if (current !== undefined && mustStay(facts)) return waitIn(current.room);
  const free = choices.find(({ room }) => refusal(room) === undefined && !isBlockedIn(facts, room));
  const chosen = free ?? current ?? choices[0];
  return chosen === undefined ? { kind: 'none', reason: 'no_matching_egg' } : waitIn(chosen.room);
}

export interface RankedEgg {
  readonly egg: EggName;
  readonly room: EggRoom;
  readonly extraTags: number;
}

/** The Eggs that match and are here to stay, in the order in which a job would choose them. */
export function rankEggs({
  candidates,
  rooms,
}: Pick<AssignFacts, 'candidates' | 'rooms'>): readonly RankedEgg[] {
  return candidates
    .flatMap(({ egg, matches, extraTags }) => {
      const room = rooms.find((one) => one.egg === egg);
      return matches && room !== undefined && room.refusedBecause !== 'leaving'
        ? [{ egg, room, extraTags }]
        : [];
    })
    .toSorted((a, b) => a.extraTags - b.extraTags || b.room.idle - a.room.idle || byName(a, b));
}

function mustStay({ current, now }: AssignFacts): boolean {
  if (current === undefined || current.blockedSince === undefined || current.isStarting) return true;
  return now - current.blockedSince < moveOnAfterMs;
}

function isBlockedIn({ current }: AssignFacts, room: EggRoom): boolean {
  return room.egg === current?.egg && current.blockedSince !== undefined;
}

type Refusal = 'egg_full' | 'frozen' | 'backoff' | 'failing';

function refusal({ room, refusedBecause }: EggRoom): Refusal | undefined {
  if (refusedBecause !== undefined && refusedBecause !== 'leaving') return refusedBecause;
  return room > 0 ? undefined : 'egg_full';
}

function waitIn(room: EggRoom): Assignment {
  const because = refusal(room);
  return { kind: 'egg', egg: room.egg, ...(because === undefined ? {} : { because }) };
}
