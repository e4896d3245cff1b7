import { rankEggs } from '../demand/assign.ts';
import { isJobOver, jobRank } from '../demand/job-status.ts';
import type { WaitCause } from '../pool/facts.ts';
import { blockerOf } from './blockers.ts';
import type { StartingRunner, WaitAnswer, WaitFacts, WaitStep, WaitVerdict } from './facts.ts';

/** Tells a person why a CI job waits, step by step: what was done, what comes next, what stands in the way. */
export function explainWait(facts: WaitFacts): WaitAnswer {
  const verdict = judge(facts);
  const cause = verdict === 'waiting' || verdict === 'unmatched' ? causeOf(facts, verdict) : undefined;
  const since = sinceOf(facts, verdict);
  const held = isHeldBack(facts.job) ? { what: 'GitLab releases it to runners' } : undefined;
  const next = cause === undefined ? undefined : (held ?? nextOf(facts, cause));
  const blocker = cause === undefined ? undefined : blockerOf(facts, cause);
  return {
    verdict,
    ...(since === undefined ? {} : { since }),
    steps: stepsOf(facts, verdict),
    candidates: listCandidates(facts),
    ...(next === undefined ? {} : { next }),
    blockers: [...(blocker === undefined ? [] : [blocker]), ...facts.problems],
  };
}

function judge({ job, candidates }: WaitFacts): WaitVerdict {
  if (job === undefined) return 'unknown';
  if (isJobOver(job.status)) return 'done';
  if (job.status === 'running' || job.status === 'canceling') return 'running';
  if (isHeldBack(job)) return 'waiting';
  return candidates.some(({ matches }) => matches) ? 'waiting' : 'unmatched';
}

/** Not for runners yet: it waits for a stage, a person or a time, and its tags may not be known. */
function isHeldBack(job: WaitFacts['job']): boolean {
  return job !== undefined && jobRank(job.status) < jobRank('pending');
}

function causeOf({ job, egg, cause }: WaitFacts, verdict: WaitVerdict): WaitCause {
  if (verdict === 'unmatched') return 'no_matching_egg';
  if (job?.status !== 'pending' || egg === undefined) return 'not_seen_yet';
  return cause ?? 'not_seen_yet';
}

function sinceOf({ job }: WaitFacts, verdict: WaitVerdict): number | undefined {
  if (verdict === 'running') return job?.startedAt;
  return verdict === 'done' ? job?.finishedAt : job?.queuedAt;
}

function stepsOf(facts: WaitFacts, verdict: WaitVerdict): WaitStep[] {
  const { job } = facts;
  if (job === undefined) {
    const detail = 'no webhook and no sweep has told of this job';
    return [{ what: 'seen', detail, ok: false }];
  }
  if (isHeldBack(job)) {
    return [{ at: job.queuedAt, what: 'seen', detail: `GitLab says ${job.status}`, ok: true }];
  }
  const tags = job.tags.length === 0 ? 'without tags' : `with the tags ${job.tags.join(', ')}`;
  const steps: WaitStep[] = [
    { at: job.queuedAt, what: 'seen', detail: `GitLab says ${job.status}, ${tags}`, ok: true },
    matchStep(facts),
  ];
  if (facts.egg !== undefined) {
    steps.push({ what: 'assigned', detail: `it is demand of egg ${facts.egg}`, ok: true });
  }
  if (verdict === 'waiting') steps.push(...facts.starting.map((runner) => startStep(runner, facts.now)));
  if (job.startedAt !== undefined) {
    const detail =
      job.runnerId === undefined ? 'which runner took it is not known' : `on runner ${job.runnerId}`;
    steps.push({ at: job.startedAt, what: 'started', detail, ok: true });
  }
  if (verdict === 'done') steps.push(endStep(job));
  return steps;
}

function matchStep({ candidates }: WaitFacts): WaitStep {
  const matching = candidates.filter(({ matches }) => matches);
  const names = matching.map(({ egg }) => egg).join(', ');
  const detail = matching.length === 0 ? `none of ${candidates.length} bound Eggs` : names;
  return { what: 'matched', detail, ok: matching.length > 0 };
}

function startStep(runner: StartingRunner, now: number): WaitStep {
  const isLate = runner.deadlineAt !== undefined && runner.deadlineAt <= now;
  const detail = `runner ${runner.id} is ${runner.state}${isLate ? ', longer than it may be' : ''}`;
  return { at: runner.stateSince, what: 'starting', detail, ok: !isLate };
}

function endStep(job: NonNullable<WaitFacts['job']>): WaitStep {
  const why = job.failureReason === undefined ? '' : `: ${job.failureReason}`;
  return {
    ...(job.finishedAt === undefined ? {} : { at: job.finishedAt }),
    what: 'ended',
    detail: `${job.status}${why}`,
    ok: job.status === 'success',
  };
}

function listCandidates(facts: WaitFacts): WaitAnswer['candidates'] {
  const order = rankEggs(facts).map(({ egg }) => egg);
  return facts.candidates
    .map(({ egg, matches, missingTags }) => {
      const room = facts.rooms.find((one) => one.egg === egg);
      const place = order.indexOf(egg);
      return {
        egg,
        matches,
        missingTags,
        ...(room === undefined ? {} : { room: room.room }),
        ...(place < 0 ? {} : { order: place + 1 }),
        ...(room?.refusedBecause === undefined ? {} : { refusedBecause: room.refusedBecause }),
      };
    })
    .toSorted((a, b) => (a.order ?? Number.MAX_SAFE_INTEGER) - (b.order ?? Number.MAX_SAFE_INTEGER));
}

function nextOf(facts: WaitFacts, cause: WaitCause): WaitAnswer['next'] {
  switch (cause) {
    case 'starting_runner': {
      const deadlines = facts.starting.flatMap(({ deadlineAt }) => deadlineAt ?? []);
      return at('a starting runner takes it, or is given up and replaced', deadlines);
    }
    case 'backoff':
      return at('launches are tried again', [facts.backoffUntil]);
    case 'runner_idle_not_taken':
      return at('an idle runner asks GitLab for it', [facts.lookAgainAt]);
    case 'not_seen_yet':
    case 'no_matching_egg':
      return at('the project is swept', [facts.sweepAt]);
    case 'egg_full':
    case 'deployment_failed':
    case 'limits':
      return at('the Egg is planned again', [facts.lookAgainAt]);
    case 'frozen':
      return undefined;
  }
}

function at(what: string, times: readonly (number | undefined)[]): NonNullable<WaitAnswer['next']> {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? { what } : { what, atLatest: Math.max(...known) };
}
