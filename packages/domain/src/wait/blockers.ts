import { formatDuration } from '@polar-gosling/kernel';
import { explainNoMatch } from '../demand/match.ts';
import type { WaitCause } from '../pool/facts.ts';
import type { WaitBlocker, WaitFacts } from './facts.ts';

/** What a person can do about the cause of a wait; nothing where waiting a little is right. */
export function blockerOf(facts: WaitFacts, cause: WaitCause): WaitBlocker | undefined {
  const egg = facts.egg ?? 'NAME';
  switch (cause) {
    case 'no_matching_egg':
      return noMatch(facts);
    case 'egg_full':
      return {
        code: cause,
        detail: `every runner that egg ${egg} may have is taken`,
        fix: 'raise runner.concurrent or apex max_count in the Nest, or let the running jobs end',
      };
    case 'frozen':
      return { code: cause, detail: 'launches are frozen by an operator', fix: 'gosling unfreeze' };
    case 'backoff':
      return backingOff(facts, egg);
    case 'deployment_failed':
      return {
        code: cause,
        detail: `new machines of egg ${egg} do not boot; one launch at a time is tried`,
        fix: `gosling rollback --egg ${egg}, or correct its configuration in the Nest`,
      };
    case 'limits':
      return {
        code: cause,
        detail: `limits outside the Nest allow no further machine of egg ${egg} now`,
        fix: 'let machines end, wait for the next day, or ask who keeps GOSLING_LIMITS',
      };
    case 'runner_idle_not_taken':
      return notTaken(facts);
    case 'not_seen_yet':
    case 'starting_runner':
      return undefined;
  }
}

function backingOff(facts: WaitFacts, egg: string): WaitBlocker {
  const { stuckMachines } = facts;
  const what =
    stuckMachines === undefined
      ? `launches of egg ${egg} failed`
      : `${stuckMachines} machines of egg ${egg} could not be removed and go on costing money, so no more are launched`;
  const fix =
    stuckMachines === undefined
      ? `gosling logs --egg ${egg}`
      : 'let the credentials in use delete machines, or remove them in the cloud by hand';
  return { code: 'backoff', detail: `${what}${untilOf(facts)}`, fix };
}

function noMatch({ candidates }: WaitFacts): WaitBlocker {
  const code = 'no_matching_egg';
  const nearest = explainNoMatch(candidates);
  if (nearest === undefined) {
    return { code, detail: 'no Egg of the Nest serves this project', fix: 'gosling add egg NAME' };
  }
  if (nearest.missingTags.length === 0) {
    return {
      code,
      detail: 'the job has no tags, and no Egg of its project takes such jobs',
      fix: `give the job a tag of egg ${nearest.egg}, or set runner.run_untagged there`,
    };
  }
  const tags = nearest.missingTags.join(', ');
  return {
    code,
    detail: `egg ${nearest.egg} comes nearest and lacks: ${tags}`,
    fix: `add ${tags} to runner.tags of egg ${nearest.egg}, or correct the job's tags`,
  };
}

function untilOf({ backoffUntil, now }: WaitFacts): string {
  if (backoffUntil === undefined || backoffUntil <= now) return '';
  return `; the next try is in ${formatDuration(backoffUntil - now)}`;
}

/** An idle runner polls every few seconds: only after a minute is something wrong. */
const takesAtMostMs = 60_000;

function notTaken({ job, now }: WaitFacts): WaitBlocker | undefined {
  if (job === undefined || now - job.queuedAt < takesAtMostMs) return undefined;
  return {
    code: 'runner_idle_not_taken',
    detail: 'a runner is idle, but GitLab does not give it this job',
    fix: 'see in GitLab whether the runner is paused, protected, or lacks a tag of the job',
  };
}
