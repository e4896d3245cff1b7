import type { EggName } from '../names.ts';
import type { BindingFacts, Candidate } from './facts.ts';

/**
 * Judges every Egg bound to the job's project: it matches when it has all of the job's tags; a job without tags
 * only where `run_untagged` is set. One candidate per Egg, by name.
 */
export function matchEggs(
  job: { readonly tags: readonly string[] },
  bindings: readonly BindingFacts[],
): Candidate[] {
  const byEgg = new Map<EggName, Candidate>();
  for (const binding of bindings) {
    const candidate = judge(job.tags, binding);
    const known = byEgg.get(binding.egg);
    if (known === undefined || (candidate.matches && !known.matches)) byEgg.set(binding.egg, candidate);
  }
  return [...byEgg.values()].toSorted(byName);
}

function judge(tags: readonly string[], binding: BindingFacts): Candidate {
  const has = new Set(binding.tags);
  const missingTags = [...new Set(tags)].filter((tag) => !has.has(tag));
  return {
    egg: binding.egg,
    matches: tags.length === 0 ? binding.runUntagged : missingTags.length === 0,
    missingTags,
    extraTags: has.size - (new Set(tags).size - missingTags.length),
  };
}

/** Order by name; an Egg occurs once in the lists that are ordered by it. */
export function byName(a: { egg: string }, b: { egg: string }): number {
  return a.egg < b.egg ? -1 : 1;
}

/** The Egg that came nearest to taking a job that none takes, and what it lacks; no candidates: nothing bound. */
export function explainNoMatch(
  candidates: readonly Candidate[],
): { readonly egg: EggName; readonly missingTags: readonly string[] } | undefined {
  const nearest = candidates
    .filter(({ matches }) => !matches)
    .toSorted((a, b) => a.missingTags.length - b.missingTags.length || byName(a, b))[0];
  return nearest && { egg: nearest.egg, missingTags: nearest.missingTags };
}
