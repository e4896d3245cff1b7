import { nearest } from '@polar-gosling/kernel';
import { limits } from '../check/limits.ts';
import { fields } from './fields.ts';
import { lexRule, type RuleToken } from './lex.ts';
import { checkTest } from './operands.ts';
import type { ParsedRule, Rule, RuleOperator, RuleProblem } from './tree.ts';

const operators = ['==', '!=', '<', '<=', '>', '>='];

/** Reads and type-checks a rule such as `failure_count >= 3 AND age > 1h`. Never throws. */
export function parseRule(text: string): ParsedRule {
  if (text.length > limits.rule.characters) {
    const message = `a rule may have ${limits.rule.characters} characters`;
    return { rule: undefined, problems: [{ code: 'FLY050', message, start: 0, end: text.length }] };
  }
  const parser = new RuleParser(lexRule(text));
  const rule = parser.parse();
  const problems = parser.problems;
  return { rule: problems.length === 0 ? rule : undefined, problems };
}

class RuleParser {
  readonly problems: RuleProblem[] = [];
  readonly #tokens: readonly RuleToken[];
  #at = 0;
  #depth = 0;
  #tests = 0;
  /** After a mistake in the structure nothing more is said about it. */
  #isLost = false;

  constructor(tokens: readonly RuleToken[]) {
    this.#tokens = tokens;
  }

  parse(): Rule | undefined {
    const rule = this.#or();
    if (this.#now.kind !== 'end') {
      const isBracket = this.#now.text === ')' || this.#now.text === ']';
      this.#lost(
        isBracket ? `this ${this.#now.text} closes nothing` : 'expected AND or OR between two tests',
      );
    }
    return rule;
  }

  get #now(): RuleToken {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', start: 0, end: 0 };
  }

  #takes(text: string): boolean {
    const token = this.#now;
    if (token.text !== text || (token.kind !== 'word' && token.kind !== 'punctuation')) return false;
    this.#at++;
    return true;
  }

  #or(): Rule | undefined {
    return this.#joined('or', 'OR', () => this.#joined('and', 'AND', () => this.#not()));
  }

  #joined(kind: 'and' | 'or', word: string, next: () => Rule | undefined): Rule | undefined {
    const rules: Rule[] = [];
    do {
      const rule = next();
      if (rule !== undefined) rules.push(rule);
    } while (!this.#isLost && this.#takes(word));
    return rules.length === 1 ? rules[0] : { kind, rules };
  }

  #not(): Rule | undefined {
    if (this.#depth++ > limits.rule.depth) {
      this.#lost(`a rule is nested at most ${limits.rule.depth} deep`);
      this.#depth--;
      return undefined;
    }
    const rule = this.#takes('NOT') ? negate(this.#not()) : this.#primary();
    this.#depth--;
    return rule;
  }

  #primary(): Rule | undefined {
    if (this.#takes('(')) {
      const rule = this.#or();
      if (!this.#isLost && !this.#takes(')')) this.#lost('expected )');
      return rule;
    }
    const token = this.#now;
    if (token.kind !== 'word' || ['AND', 'OR', 'IN'].includes(token.text)) {
      this.#lost("expected a test such as age > 1h or state == 'idle'");
      return undefined;
    }
    this.#at++;
    if (++this.#tests > limits.rule.tests) this.#lost(`a rule has at most ${limits.rule.tests} tests`);
    return this.#test(token);
  }

  #test(name: RuleToken): Rule | undefined {
    const operator = this.#operator(name);
    if (operator === undefined) return undefined;
    const operands = operator === 'IN' ? this.#list() : [this.#operand()];
    if (this.#isLost) return undefined;
    const field = fields.get(name.text);
    if (field === undefined) {
      const guess = nearest(name.text, fields.keys());
      const hint =
        guess === undefined ? `; known are ${[...fields.keys()].join(', ')}` : `; did you mean ${guess}?`;
      const message = `a rule has no word ${JSON.stringify(name.text)}${hint}`;
      this.problems.push({
        code: 'FLY051',
        message,
        ...place(name),
        ...(guess !== undefined && { fix: guess }),
      });
      return undefined;
    }
    const given = operands.filter((token) => token !== undefined);
    return checkTest({ name: name.text, field, operator, operands: given }, this.problems);
  }

  #operator(name: RuleToken): RuleOperator | undefined {
    const token = this.#now;
    if (this.#takes('IN')) return 'IN';
    if (token.kind !== 'operator') {
      this.#lost(`expected a comparison such as == or > after ${name.text}`);
      return undefined;
    }
    this.#at++;
    if (token.text === '=') {
      this.problems.push({ code: 'FLY050', message: 'equality is written ==', ...place(token), fix: '==' });
      return '==';
    }
    return operators.includes(token.text) ? (token.text as RuleOperator) : undefined;
  }

  #operand(): RuleToken | undefined {
    const token = this.#now;
    const isKeyword = ['AND', 'OR', 'NOT', 'IN'].includes(token.text) && token.kind === 'word';
    if (isKeyword || !['word', 'number', 'text'].includes(token.kind)) {
      this.#lost('expected a value: a number, a duration such as 30m, or a word in single quotes');
      return undefined;
    }
    this.#at++;
    return token;
  }

  #list(): (RuleToken | undefined)[] {
    const items: (RuleToken | undefined)[] = [];
    if (!this.#takes('[')) {
      this.#lost('expected [ after IN');
      return items;
    }
    do items.push(this.#operand());
    while (!this.#isLost && this.#takes(','));
    if (!this.#isLost && !this.#takes(']')) this.#lost('expected ]');
    return items;
  }

  #lost(message: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const token = this.#now;
    const start = token.kind === 'end' ? Math.max(0, token.start - 1) : token.start;
    const shown = token.kind === 'bad' ? `unexpected ${JSON.stringify(token.text)}` : message;
    this.problems.push({ code: 'FLY050', message: shown, start, end: Math.max(token.end, start + 1) });
  }
}

function negate(rule: Rule | undefined): Rule | undefined {
  return rule && { kind: 'not', rule };
}

function place(token: RuleToken): { start: number; end: number } {
  return { start: token.start, end: token.end };
}
