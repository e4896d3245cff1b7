import { isTier } from './fields.ts';
import type { Rule, RuleTest } from './tree.ts';

/** What is known of a runner: `state`, `pool`, `type`, `egg`; `age`, `idle_time` in ms; counts; usages in percent. */
export type RuleFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Neither true nor false: a fact is not known, or is of another type. */
type Unknown = { readonly problem: string };

/**
 * Does the rule hold? Total: always true, false or why it cannot be said. An unknown fact decides nothing:
 * `AND` with something false is still false, `OR` with something true still true.
 */
export function evaluateRule(rule: Rule, facts: RuleFacts): boolean | Unknown {
  switch (rule.kind) {
    case 'test':
      return evaluateTest(rule, facts);
    case 'not': {
      const inner = evaluateRule(rule.rule, facts);
      return typeof inner === 'boolean' ? !inner : inner;
    }
    case 'and':
      return join(rule.rules, facts, false);
    default:
      return join(rule.rules, facts, true);
  }
}

/** `deciding`: the answer that one part alone decides. */
function join(rules: readonly Rule[], facts: RuleFacts, deciding: boolean): boolean | Unknown {
  let unknown: Unknown | undefined;
  for (const rule of rules) {
    const answer = evaluateRule(rule, facts);
    if (answer === deciding) return deciding;
    if (typeof answer !== 'boolean') unknown ??= answer;
  }
  return unknown ?? !deciding;
}

function evaluateTest(test: RuleTest, facts: RuleFacts): boolean | Unknown {
  if (test.operator !== 'IN') return compare(test, test.operands[0] ?? '', facts);
  let unknown: Unknown | undefined;
  for (const operand of test.operands) {
    const answer = compare({ ...test, operator: '==' }, operand, facts);
    if (answer === true) return true;
    if (answer !== false) unknown ??= answer;
  }
  return unknown ?? false;
}

function compare(test: RuleTest, operand: string | number, facts: RuleFacts): boolean | Unknown {
  const isTierOfState = test.field.fact === 'state' && typeof operand === 'string' && isTier(operand);
  const name = isTierOfState ? 'pool' : test.field.fact;
  const fact = Object.hasOwn(facts, name) ? facts[name] : undefined;
  if (fact === undefined) return { problem: `${name} is not known` };
  if (typeof fact !== typeof operand)
    return { problem: `${name} is a ${typeof fact}, not a ${typeof operand}` };
  if (test.operator === '==') return fact === operand;
  if (test.operator === '!=') return fact !== operand;
  return typeof fact === 'number' && typeof operand === 'number' && order(test, fact, operand);
}

function order(test: RuleTest, fact: number, operand: number): boolean {
  switch (test.operator) {
    case '<':
      return fact < operand;
    case '<=':
      return fact <= operand;
    case '>':
      return fact > operand;
    default:
      return fact >= operand;
  }
}
