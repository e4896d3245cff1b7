import { evaluateRule } from './eval.ts';
import { runnersToldApart, testsOf } from './told-apart.ts';
import type { Rule } from './tree.ts';

export type Senselessness = 'never' | 'always' | 'unreachable';

/** Tests that are evaluated for all rules of one file; beyond it nothing more is said. */
const budget = 400_000;

/**
 * What is senseless about each rule of a list. Where several hold, the first one acts, or none where they disagree:
 * a rule hidden by earlier ones never decides. Sound: what is blamed is senseless; what is too big to be looked at
 * is not blamed.
 */
export function findSenseless(rules: readonly (Rule | undefined)[]): (Senselessness | undefined)[] {
  const earlier: Rule[] = [];
  let left = budget;
  return rules.map((rule) => {
    if (rule === undefined) return undefined;
    const found = judge(rule, earlier, (cost) => {
      left -= cost;
      return left >= 0;
    });
    // A rule that never holds hides no other.
    if (found !== 'never') earlier.push(rule);
    return found;
  });
}

function judge(
  rule: Rule,
  earlier: readonly Rule[],
  spend: (cost: number) => boolean,
): Senselessness | undefined {
  const runners = runnersToldApart([rule], { withUnknown: false });
  if (runners === undefined || !spend(runners.length * testsOf(rule).length)) return undefined;
  const held = runners.filter((runner) => evaluateRule(rule, runner) === true).length;
  if (held === 0) return 'never';
  if (held === runners.length) return 'always';
  return isHidden(rule, earlier, spend) ? 'unreachable' : undefined;
}

function isHidden(rule: Rule, earlier: readonly Rule[], spend: (cost: number) => boolean): boolean {
  if (earlier.length === 0) return false;
  const all = [...earlier, rule];
  const cost = all.reduce((sum, one) => sum + testsOf(one).length, 0);
  if (!spend(cost)) return false;
  const runners = runnersToldApart(all, { withUnknown: true });
  if (runners === undefined || !spend(cost * runners.length)) return false;
  return runners.every(
    (runner) =>
      evaluateRule(rule, runner) !== true || earlier.some((other) => evaluateRule(other, runner) === true),
  );
}
