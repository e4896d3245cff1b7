import { isTier } from './fields.ts';
import type { Rule, RuleTest } from './tree.ts';

type Fact = string | number | undefined;

/** More runners than this are not looked at: then nothing is said about the rules. */
const most = 4096;

/**
 * One runner of every sort that these rules tell apart: a rule that holds for none of them holds for no runner.
 * `withUnknown` adds those of which a fact is not known.
 */
export function runnersToldApart(
  rules: readonly Rule[],
  options: { readonly withUnknown: boolean },
): readonly Readonly<Record<string, Fact>>[] | undefined {
  const tests = rules.flatMap(testsOf);
  const byFact = new Map<string, RuleTest[]>();
  for (const test of tests) {
    for (const fact of factsOf(test)) byFact.set(fact, [...(byFact.get(fact) ?? []), test]);
  }
  let runners: Record<string, Fact>[] = [{}];
  for (const [fact, about] of byFact) {
    const values: Fact[] = about[0]?.field.type === 'word' ? wordsOf(fact, about) : numbersOf(about);
    if (options.withUnknown) values.push(undefined);
    if (runners.length * values.length > most) return undefined;
    runners = runners.flatMap((runner) => values.map((value) => ({ ...runner, [fact]: value })));
  }
  return runners;
}

export function testsOf(rule: Rule): readonly RuleTest[] {
  if (rule.kind === 'test') return [rule];
  return rule.kind === 'not' ? testsOf(rule.rule) : rule.rules.flatMap(testsOf);
}

/** `state` reads the tier for `apex` and `nadir`, so that one test may ask for two facts. */
function factsOf({ field, operands }: RuleTest): readonly string[] {
  if (field.fact !== 'state') return [field.fact];
  return [...new Set(operands.map((word) => (isTierWord(word) ? 'pool' : 'state')))];
}

/** The words that are named, and one that is not. */
function wordsOf(fact: string, tests: readonly RuleTest[]): Fact[] {
  const isOfFact = (word: string | number) => isTierWord(word) === (fact === 'pool');
  const isOneOf = fact === 'state' || fact === 'pool' ? isOfFact : () => true;
  const named = new Set(tests.flatMap(({ operands }) => operands).filter(isOneOf));
  const known = tests[0]?.field.words?.filter(isOneOf);
  const other = known === undefined ? '' : known.find((word) => !named.has(word));
  return other === undefined ? [...named] : [...named, other];
}

/** The bounds that are named, and one number on either side of each. */
function numbersOf(tests: readonly RuleTest[]): Fact[] {
  const isPercent = tests[0]?.field.type === 'percent';
  const greatest = isPercent ? 100 : Number.MAX_SAFE_INTEGER;
  const bounds = tests.flatMap(({ operands }) => operands).filter((bound) => typeof bound === 'number');
  const sorted = [...new Set(bounds)].toSorted((a, b) => a - b);
  const near = sorted.flatMap((bound, index) => {
    const next = sorted[index + 1] ?? greatest;
    // Counts and milliseconds are whole, shares are not.
    return [bound, isPercent ? (bound + next) / 2 : bound + 1];
  });
  const first = sorted[0] ?? 0;
  const below = isPercent ? first / 2 : first - 1;
  return [...new Set([below, ...near])].filter((number) => number >= 0 && number <= greatest);
}

function isTierWord(word: string | number): boolean {
  return typeof word === 'string' && isTier(word);
}
