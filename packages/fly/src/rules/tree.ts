import type { FlyCode } from '../diag/codes.ts';
import type { Field } from './fields.ts';

export type RuleOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'IN';

/** One comparison: `field operator operands` (more than one operand only with IN). Durations are ms. */
export interface RuleTest {
  readonly kind: 'test';
  readonly field: Field;
  readonly operator: RuleOperator;
  readonly operands: readonly (string | number)[];
}

export type Rule =
  | RuleTest
  | { readonly kind: 'not'; readonly rule: Rule }
  | { readonly kind: 'and' | 'or'; readonly rules: readonly Rule[] };

/** Something wrong with a rule; offsets are those of its text. */
export interface RuleProblem {
  readonly code: FlyCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  /** Text that should stand there instead. */
  readonly fix?: string;
}

/** `rule` is there exactly when there are no problems. */
export interface ParsedRule {
  readonly rule: Rule | undefined;
  readonly problems: readonly RuleProblem[];
}
