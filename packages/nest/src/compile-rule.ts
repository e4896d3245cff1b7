import type { CompiledRule, PolicyRule } from '@polar-gosling/domain';
import { evaluateRule, parseRule } from '@polar-gosling/fly';

/**
 * A policy rule ready to be asked about runners. One that cannot be read answers every question with its problem,
 * so that it is skipped and reported. A measure that a runner has not given yet lets no rule hold for it.
 */
export function compileRule({ name, condition, action }: PolicyRule): CompiledRule {
  const { rule, problems } = parseRule(condition);
  if (rule === undefined) {
    const problem = problems.map(({ code, message }) => `${code}: ${message}`).join('; ');
    return { name, action, matches: () => ({ problem }) };
  }
  return { name, action, matches: (facts) => evaluateRule(rule, facts) === true };
}
