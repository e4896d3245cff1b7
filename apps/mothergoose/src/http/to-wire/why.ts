import type { Why } from '@polar-gosling/api-contract';
import type { WhyView } from '@polar-gosling/engine';
import { toTime, toTimeOrNull } from './time.ts';

export function toWireWhy(view: WhyView): Why {
  const { next } = view;
  return {
    job: { ...view.job },
    verdict: view.verdict,
    since: toTime(view.since),
    steps: view.steps.map(({ at, what, detail, ok }) => ({ at: toTimeOrNull(at), what, detail, ok })),
    candidates: view.candidates.map((candidate) => ({
      egg_name: candidate.eggName,
      matches: candidate.matches,
      missing_tags: [...candidate.missingTags],
      room: candidate.room,
      order: candidate.order,
      refused_because: candidate.refusedBecause,
    })),
    next: next === undefined ? null : { what: next.what, at_latest: toTimeOrNull(next.atLatest) },
    blockers: view.blockers.map((blocker) => ({ ...blocker })),
  };
}
