import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EggName, eggName, serverProject } from '../names.ts';
import { type AssignFacts, assignJob, moveOnAfterMs } from './assign.ts';
import type { BindingFacts, Candidate, EggRoom } from './facts.ts';
import { explainNoMatch, matchEggs } from './match.ts';

const now = 1_000_000;
const [a, b, c] = [eggName('a'), eggName('b'), eggName('c')];

function aBinding(over: Partial<BindingFacts> = {}): BindingFacts {
  return { egg: a, tags: ['linux', 'docker'], runUntagged: false, ...over };
}

function aCandidate(egg: EggName, over: Partial<Candidate> = {}): Candidate {
  return { egg, matches: true, missingTags: [], extraTags: 0, ...over };
}

function aRoom(egg: EggName, over: Partial<EggRoom> = {}): EggRoom {
  return { egg, room: 1, idle: 0, ...over };
}

function assign(over: Partial<AssignFacts>): string {
  const answer = assignJob({
    now,
    candidates: [aCandidate(a), aCandidate(b)],
    rooms: [aRoom(a), aRoom(b)],
    ...over,
  });
  if (answer.kind === 'none') return answer.reason;
  return answer.because === undefined ? answer.egg : `${answer.egg}, ${answer.because}`;
}

const tag = fc.constantFrom('linux', 'docker', 'gpu', 'arm64', 'big');
const tags = fc.uniqueArray(tag);
const bindings = fc.array(
  fc.record({ egg: fc.constantFrom('a', 'b', 'c', 'd').map(eggName), tags, runUntagged: fc.boolean() }),
  { maxLength: 5 },
);

describe('matchEggs', () => {
  it('Feature: gitops-runner-orchestration, Property 9: every Egg bound to the project of the event is judged', () => {
    const projects = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), bindings), { minLength: 1 });
    fc.assert(
      fc.property(projects, tags, fc.integer({ min: 1, max: 3 }), (all, jobTags, projectId) => {
        const bound = new Map<string, BindingFacts[]>();
        for (const [id, some] of all) {
          const key = serverProject('gitlab.com', id);
          bound.set(key, [...(bound.get(key) ?? []), ...some]);
        }
        const ofProject = bound.get(serverProject('GitLab.com', projectId)) ?? [];

        const candidates = matchEggs({ tags: jobTags }, ofProject);

        expect(candidates.map(({ egg }) => egg)).toEqual(
          [...new Set(ofProject.map(({ egg }) => egg))].toSorted(),
        );
      }),
    );
  });

  it('Feature: gitops-runner-orchestration, Property 27: an Egg matches exactly when it has all tags of the job', () => {
    fc.assert(
      fc.property(bindings, tags, (all, jobTags) => {
        for (const candidate of matchEggs({ tags: jobTags }, all)) {
          const fits = all
            .filter(({ egg }) => egg === candidate.egg)
            .some((one) =>
              jobTags.length === 0 ? one.runUntagged : jobTags.every((needed) => one.tags.includes(needed)),
            );
          expect(candidate.matches).toBe(fits);
          if (candidate.matches) expect(candidate.missingTags).toEqual([]);
        }
      }),
    );
  });

  it('says which tags are absent and how many are beside the need', () => {
    expect(matchEggs({ tags: ['linux', 'gpu'] }, [aBinding()])).toEqual([
      { egg: 'a', matches: false, missingTags: ['gpu'], extraTags: 1 },
    ]);
  });

  it('judges an Egg that is bound twice by the binding that fits', () => {
    const twice = [aBinding({ tags: ['gpu'] }), aBinding(), aBinding({ tags: [] })];

    expect(matchEggs({ tags: ['linux'] }, twice)).toEqual([aCandidate(a, { extraTags: 1 })]);
  });

  it('names the Egg that comes nearest to a job that none takes', () => {
    const far = aCandidate(a, { matches: false, missingTags: ['x', 'y'] });
    const near = [b, c].map((egg) => aCandidate(egg, { matches: false, missingTags: ['x'] }));

    expect(explainNoMatch([far, ...near.toReversed()])).toEqual({ egg: b, missingTags: ['x'] });
    expect(explainNoMatch([aCandidate(a)])).toBeUndefined();
  });
});

describe('assignJob', () => {
  it('prefers the fewest extra tags, then the most idle capacity, then the name', () => {
    const exact = aCandidate(b, { extraTags: 0 });
    const wide = aCandidate(a, { extraTags: 2 });

    expect(assign({ candidates: [wide, exact] })).toBe('b');
    expect(assign({ rooms: [aRoom(a), aRoom(b, { idle: 1 })] })).toBe('b');
    expect(assign({})).toBe('a');
  });

  it('passes over Eggs without room, frozen, failing or backing off while another has room', () => {
    expect(assign({ rooms: [aRoom(a, { room: 0 }), aRoom(b)] })).toBe('b');
    expect(assign({ rooms: [aRoom(a, { refusedBecause: 'frozen' }), aRoom(b)] })).toBe('b');
    expect(assign({ rooms: [aRoom(a, { refusedBecause: 'failing' }), aRoom(b)] })).toBe('b');
  });

  it('lets a job wait in the best Egg, with the reason, where none has room', () => {
    expect(assign({ rooms: [aRoom(a, { room: 0 }), aRoom(b, { room: -1 })] })).toBe('a, egg_full');
    expect(assign({ rooms: [aRoom(a, { refusedBecause: 'backoff' })] })).toBe('a, backoff');
  });

  it('takes an Egg that leaves or is unknown for no match', () => {
    const candidates = [aCandidate(a)];

    expect(assign({ candidates, rooms: [aRoom(a, { refusedBecause: 'leaving' })] })).toBe('no_matching_egg');
    expect(assign({ candidates, rooms: [] })).toBe('no_matching_egg');
    expect(assign({ candidates: [aCandidate(a, { matches: false })] })).toBe('no_matching_egg');
  });

  it('stays where it is until its Egg has been unable for 30 seconds', () => {
    const rooms = [aRoom(a, { idle: 5 }), aRoom(b)];
    const stuck = (ms: number) => ({ egg: b, isStarting: false, blockedSince: now - ms });

    expect(assign({ rooms, current: { egg: b, isStarting: false } })).toBe('b');
    expect(assign({ rooms, current: stuck(moveOnAfterMs - 1) })).toBe('b');
    expect(assign({ rooms, current: stuck(moveOnAfterMs) })).toBe('a');
  });

  it('never leaves an Egg while a runner launched for it boots', () => {
    const current = { egg: b, isStarting: true, blockedSince: now - 10 * moveOnAfterMs };

    expect(assign({ current })).toBe('b');
  });

  it('stays in an Egg that is stuck when no other is better, but leaves one that no longer matches', () => {
    const rooms = [aRoom(a, { room: 0 }), aRoom(b)];
    const current = { egg: b, isStarting: false, blockedSince: now - moveOnAfterMs };

    expect(assign({ rooms, current })).toBe('b');
    expect(assign({ candidates: [aCandidate(a), aCandidate(b, { matches: false })], current })).toBe('a');
  });

  it('keeps the sum of demands over the Eggs equal to the number of pending matched jobs', () => {
    const jobs = fc.array(
      fc.record({ tags, since: fc.option(fc.nat(60_000), { nil: undefined }), isStarting: fc.boolean() }),
      { maxLength: 20 },
    );
    const rooms = fc.array(
      fc.record({
        egg: fc.constantFrom('a', 'b', 'c', 'd').map(eggName),
        room: fc.integer({ min: -2, max: 3 }),
        idle: fc.nat(3),
      }),
    );
    fc.assert(
      fc.property(jobs, bindings, rooms, (all, bound, some) => {
        const bare = bound.map(({ egg }) => aRoom(egg));
        const known = [...new Map([...bare, ...some].map((room) => [room.egg, room])).values()];

        const demands = all.map((job) => assignJob({ ...factsOfJob(job, bound), rooms: known }));

        const matched = all.filter((job) => matchEggs(job, bound).some(({ matches }) => matches));
        expect(demands.filter(({ kind }) => kind === 'egg')).toHaveLength(matched.length);
      }),
    );
  });
});

function factsOfJob(
  job: { tags: string[]; since: number | undefined; isStarting: boolean },
  bound: readonly BindingFacts[],
): Omit<AssignFacts, 'rooms'> {
  const current = { egg: a, isStarting: job.isStarting };
  const blocked = job.since === undefined ? {} : { blockedSince: now - job.since };
  return { now, candidates: matchEggs(job, bound), current: { ...current, ...blocked } };
}
